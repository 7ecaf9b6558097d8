import { prepend } from '../../shared/ring'
import { Store } from '../../shared/store'
import { kinds, type Activity, type ActivityBatch, type Kind } from './wire'

/** Rows on the page at most; older ones are dropped. */
export const tailRoom = 200

/** What a row shows: something that happened, or that nobody was watching. */
export type TailRow = { key: number; item: Activity } | { key: number; unwatched: { from: number; to: number } }

export interface TailState {
  rows: readonly TailRow[] // newest first
  paused: boolean
  /** What came while it is paused, and how much of that no longer fits. */
  waiting: number
  waitingLost: number
  /** Of the last batches: what the server let through, and what there was. */
  shown: number
  seen: number
}

const start: TailState = { rows: [], paused: false, waiting: 0, waitingLost: 0, shown: 0, seen: 0 }

/** Sampling is told over the last this many batches: two seconds of a busy tail. */
const batchesTold = 20

/**
 * The live tail. Batches are taken as they come and drawn once a frame, so that a busy
 * server costs the page no more than a quiet one. `draw` asks for that frame.
 */
export class TailModel extends Store<TailState> {
  readonly #draw: () => void
  #key = 0
  #incoming: TailRow[] = [] // newest first, at most tailRoom
  #held: TailRow[] = [] // while paused; newest first, at most tailRoom
  #heldCount = 0
  #batches: { shown: number; seen: number }[] = []
  #lastSeen: number | null = null

  constructor(draw: () => void) {
    super(start)
    this.#draw = draw
  }

  take(batch: ActivityBatch): void {
    // The server's order is oldest first.
    const rows = batch.items.map((item) => ({ key: ++this.#key, item })).reverse()
    this.#batches = [...this.#batches, { shown: batch.shown, seen: batch.seen }].slice(-batchesTold)
    if (this.get().paused) {
      this.#held = prepend(rows, this.#held, tailRoom)
      this.#heldCount += rows.length
    } else {
      this.#incoming = prepend(rows, this.#incoming, tailRoom)
    }
    this.#draw()
  }

  /** Shows what has come since the last frame. */
  flush(): void {
    const state = this.get()
    const sum = (of: 'shown' | 'seen') => this.#batches.reduce((n, batch) => n + batch[of], 0)
    this.set({
      ...state,
      rows: this.#incoming.length === 0 ? state.rows : prepend(this.#incoming, state.rows, tailRoom),
      waiting: this.#heldCount,
      waitingLost: this.#heldCount - this.#held.length,
      shown: sum('shown'),
      seen: sum('seen'),
    })
    this.#incoming = []
  }

  pause(): void {
    this.flush()
    this.patch({ paused: true })
  }

  /** Goes on, with what came meanwhile and still fits. */
  resume(): void {
    this.#incoming = this.#held
    this.#held = []
    this.#heldCount = 0
    this.patch({ paused: false })
    this.flush()
  }

  clear(): void {
    this.#incoming = []
    this.#held = []
    this.#heldCount = 0
    this.#batches = []
    this.set({ ...start, paused: this.get().paused })
  }

  /** The stream is gone: what happens until it is back will be missing. */
  stopWatching(at: number): void {
    this.#lastSeen ??= at
  }

  /** The stream is back: says what span is missing. */
  startWatching(at: number): void {
    if (this.#lastSeen === null) return
    const row: TailRow = { key: ++this.#key, unwatched: { from: this.#lastSeen, to: at } }
    this.#lastSeen = null
    if (this.get().paused) this.#held = prepend([row], this.#held, tailRoom)
    else if (this.get().rows.length > 0 || this.#incoming.length > 0) this.#incoming = prepend([row], this.#incoming, tailRoom)
    this.#draw()
  }
}

/** What the server is asked to send. */
export interface TailFilter {
  kinds: readonly Kind[]
  event: string
  userId: string
  sessionId: string
  topic: string
  clientId: string
}

export const everything: TailFilter = { kinds, event: '', userId: '', sessionId: '', topic: '', clientId: '' }

export function isFiltered(filter: TailFilter): boolean {
  return filter.kinds.length < kinds.length || textFilters.some((name) => filter[name] !== '')
}

export const textFilters = ['event', 'userId', 'sessionId', 'topic', 'clientId'] as const

/** The address of the tail's stream. */
export function tailUrl(filter: TailFilter): string {
  const query = new URLSearchParams({ include: 'activity' })
  if (filter.kinds.length < kinds.length) query.set('kinds', filter.kinds.join(','))
  for (const name of textFilters) {
    const value = filter[name].trim()
    if (value !== '') query.set(name, value)
  }
  return `/api/sse/admin/stream?${query}`
}
