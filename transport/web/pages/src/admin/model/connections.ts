import { explain, Refused } from '../../shared/api'
import { Store } from '../../shared/store'
import type { ClientQuery, Server } from './server'
import type { Client } from './wire'

/** Rows of a page: what a person can look over, and the page can draw at once. */
export const pageSize = 50

/** How long one may pause between letters before the server is asked. */
export const debounceMs = 150

export interface ConnectionFilter {
  search: string
  userId: string
  sessionId: string
  topic: string
  slow: boolean
}

export const noFilter: ConnectionFilter = { search: '', userId: '', sessionId: '', topic: '', slow: false }

export interface ConnectionsState {
  filter: ConnectionFilter
  rows: readonly Client[]
  total: number | null // where the server knows it without looking at all
  page: number // from 0
  hasNext: boolean
  loading: boolean
  loaded: boolean
  fault: string | null
  tookMs: number | null
  /** For the screen reader: changes when somebody asked, not when the table refreshes itself. */
  announcement: string
}

/** The table of connections: one question under way at most, and the last one asked counts. */
export class ConnectionsModel extends Store<ConnectionsState> {
  readonly #server: Server
  readonly #onUnauthorised: () => void
  #cursors: number[] = [0] // where each page up to this one begins
  #next: number | undefined
  #asking: AbortController | null = null
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(server: Server, onUnauthorised: () => void) {
    super({
      filter: noFilter, rows: [], total: null, page: 0, hasNext: false,
      loading: false, loaded: false, fault: null, tookMs: null, announcement: '',
    })
    this.#server = server
    this.#onUnauthorised = onUnauthorised
  }

  /** Follows what is typed: asks when the typing pauses. */
  setFilter(part: Partial<ConnectionFilter>): void {
    this.patch({ filter: { ...this.get().filter, ...part } })
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#first(), debounceMs)
  }

  /** Shows this filter at once. */
  show(filter: ConnectionFilter): Promise<void> {
    this.patch({ filter })
    return this.#first()
  }

  /** Asks for the same page again. Unasked, it says nothing and waits for its turn. */
  refresh(asked: boolean): Promise<void> {
    if (!asked && this.#asking !== null) return Promise.resolve()
    return this.#load(this.get().page, asked)
  }

  next(): Promise<void> {
    if (this.#next === undefined) return Promise.resolve()
    const { page } = this.get()
    this.#cursors = [...this.#cursors.slice(0, page + 1), this.#next]
    return this.#load(page + 1, true)
  }

  previous(): Promise<void> {
    const { page } = this.get()
    return page === 0 ? Promise.resolve() : this.#load(page - 1, true)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#asking?.abort()
    this.#asking = null
  }

  #first(): Promise<void> {
    this.#cursors = [0]
    return this.#load(0, true)
  }

  async #load(page: number, asked: boolean): Promise<void> {
    clearTimeout(this.#timer)
    this.#asking?.abort()
    const asking = new AbortController()
    this.#asking = asking
    if (asked) this.patch({ loading: true })
    const started = performance.now()
    try {
      const answer = await this.#server.clients(query(this.get().filter, this.#cursors[page] ?? 0), asking.signal)
      if (this.#asking !== asking) return
      this.#next = answer.next
      const rows = answer.clients
      this.patch({
        rows, page, total: answer.total ?? null, hasNext: answer.next !== undefined, loaded: true, fault: null,
        tookMs: performance.now() - started,
        ...(asked && { announcement: announce(rows.length, page, answer.next !== undefined, answer.total) }),
      })
    } catch (error) {
      if (this.#asking !== asking) return
      if (error instanceof Refused && error.unauthorised) this.#onUnauthorised()
      this.patch({ fault: explain(error) })
    } finally {
      if (this.#asking === asking) {
        this.#asking = null
        this.patch({ loading: false })
      }
    }
  }
}

function query(filter: ConnectionFilter, cursor: number): ClientQuery {
  const query: ClientQuery = { limit: pageSize }
  if (cursor > 0) query.cursor = cursor
  if (filter.slow) query.slow = true
  for (const name of ['search', 'userId', 'sessionId', 'topic'] as const) {
    const value = filter[name].trim()
    if (value !== '') query[name] = value
  }
  return query
}

function announce(rows: number, page: number, more: boolean, total: number | undefined): string {
  if (rows === 0) return 'No connection found'
  const found = total !== undefined ? `${total} connections` : more ? 'more connections than fit one page' : `${rows} on this page`
  return `${found}, page ${page + 1}`
}

/** A stream that does not keep up, as far as its row shows. */
export function isSlow(client: Client): boolean {
  return client.dropped > 0 || client.queued > 0
}
