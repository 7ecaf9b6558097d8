// What a test page is asked to show, and what it reports. The pages and the tests
// both import this.

/** What becomes of one component (or client) of a page; `by` is its name there. */
export type Said = { by: string } & (
  | { kind: 'event', type: string, data: unknown, id: string | undefined }
  | { kind: 'gap', reason: string, from?: string, to?: string, dropped?: number }
  | { kind: 'error', code: string, status?: number, retryIn?: number }
  | { kind: 'status', status: string }
  | { kind: 'open' }
  | { kind: 'close' }
  | { kind: 'note', text: string }
)

/** One component: options of useSSE, as far as an address can say them. */
export interface Wish {
  url?: string
  sessionId?: string
  userId?: string
  topics?: string[]
  device?: string
  reconnectInterval?: number
  maxReconnectInterval?: number
  withCredentials?: boolean
  shareAcrossTabs?: boolean
  heartbeatInterval?: number
  enabled?: boolean
  /** Where the token comes from, with ?refresh=true after a 401. */
  tokenFrom?: string
  /** The results that the component reads; by default all of them. */
  reads?: string[]
}

/** What a page shows: components by their names. */
export type Wishes = Record<string, Wish>

/** What a test can call in a page. */
export interface Controls {
  hide: (name: string) => void
  show: (name: string) => void
  connect: (name: string) => void
  disconnect: (name: string) => void
  send: (name: string, event: string, data: unknown, options?: Record<string, unknown>) => Promise<unknown>
  renders: (name: string) => number
}
