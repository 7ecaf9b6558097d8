// What the server says on GET /api/sse/admin/stream and around it.

/** One second. */
export interface Sample {
  t: number // milliseconds since 1970
  streams: number
  users: number
  events: number // a second, as those below
  deliveries: number
  connects: number
  disconnects: number
  dropped: number
  bytes: number
  p50: number | null // milliseconds of publishing; null: nothing was published
  p99: number | null
  memory: number // bytes
  queue: number // events waiting for the hub
  cpu: number | null // share of one core
}

export interface Summary {
  activeConnections: number
  totalConnections: number
  eventsDispatched: number
  errors: number
  endingConnections: number
  maxClients: number
  users: number
  sessions: number
  topics: number
  deliveries: number
  delivered: number
  dropped: number
  undelivered: number
  heartbeats: number
  refusedConnections: number
  endedConnections: Record<string, number>
  lastEventId: string
  history: { events: number; bytes: number; resumes: Record<string, number>; replayed: number }
  journal?: {
    durable: boolean
    failing?: string
    mailboxes: number
    records: number
    bytes: number
    written: number
    refused: number
    pushedOut: number
  }
}

export type JournalState = 'ok' | 'full' | 'failed' | 'none'

export interface Metrics {
  sample: Sample
  summary: Summary
  memory: { heapBytes: number; goroutines: number }
  health: { ready: boolean; draining: boolean; journal: JournalState; uptimeSeconds: number }
  version: string
  mode: string
  limits: { maxClients: number }
}

export interface History {
  samples: Sample[]
}

/** Who an event is for. */
export interface Target {
  everybody?: boolean
  userId?: string
  sessionId?: string
  topics?: string[]
  clientIds?: string[] // the first ones
  moreClientIds?: number
}

export const kinds = ['connect', 'disconnect', 'send', 'refuse'] as const
export type Kind = (typeof kinds)[number]

export interface Activity {
  t: number
  kind: Kind
  clientId?: string
  userId?: string
  sessionId?: string
  topics?: string[]
  address?: string
  agent?: string
  reason?: string
  openMs?: number
  id?: string
  event?: string
  to?: Target
  queued?: number
  by?: string
  bytes?: number
  priority?: string
  persistent?: boolean
  data?: string
  clipped?: boolean
}

export interface ActivityBatch {
  items: Activity[]
  shown: number
  seen: number
}

/** What the two streams bring, by event name. */
export interface AdminEvents {
  history: History
  metrics: Metrics
  activity: ActivityBatch
}

export interface Client {
  id: string
  userId?: string
  sessionId?: string
  topics?: string[]
  address: string
  agent?: string
  since: string
  lastWrite: string
  lastEventId?: string
  queued: number
  queuedBytes: number
  delivered: number
  dropped: number
  rateLimited?: number
  expires?: string
}

export interface ClientPage {
  clients: Client[]
  next?: number
  total?: number
}

export interface Receiver {
  clientId: string
  userId?: string
  sessionId?: string
  state: 'written' | 'waiting' | 'dropped' | 'left'
  why?: string
}

export interface Mailbox extends Target {
  state: 'kept' | 'acknowledged' | 'pushedOut' | 'expired' | 'unknown'
  devices?: { device: string; acknowledged: boolean }[]
}

export interface Trace {
  id: string
  ownId?: string
  to: Target
  priority: string
  persistent: boolean
  queued: number
  receivers: Receiver[]
  mailboxes?: Mailbox[]
  next?: number
}

export interface Block {
  userId?: string
  sessionId?: string
  until: string
}

export interface SendAnswer {
  success: boolean
  eventsSent: number
  persisted?: boolean
  event: { type: string; data: unknown; id?: string }
}
