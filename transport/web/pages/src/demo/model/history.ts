import { prepend, Recent } from '../../shared/ring'
import { Store } from '../../shared/store'

/** Rows kept at most; older ones are dropped. */
export const historyRoom = 200

/** From sending to arrival by this page's clock, or from the server's to this machine's. */
export interface Latency {
  ms: number
  measured: boolean
}

export interface Arrival {
  kind: 'event'
  key: number
  at: number // milliseconds since 1970
  type: string
  data: unknown
  id: string | undefined
  replayed: boolean
  latency: Latency | null
}

export interface Note {
  kind: 'note'
  key: number
  at: number
  mood: 'good' | 'warn' | 'bad' | 'quiet'
  text: string
}

export type Entry = Arrival | Note

export interface HistoryState {
  entries: readonly Entry[] // newest first
  total: number
}

/** A clock that never goes back, for spans. */
export type Clock = () => number

/**
 * What has arrived, drawn once a frame. The latency of what this page has sent itself is
 * measured: the answer to the sending names the event's id, and comes before or after the
 * event.
 */
export class HistoryModel extends Store<HistoryState> {
  readonly #draw: () => void
  readonly #clock: Clock
  #key = 0
  #incoming: Entry[] = [] // newest first
  #total = 0
  readonly #sent = new Recent<number>(historyRoom) // id → when it was sent
  readonly #arrived = new Recent<number>(historyRoom) // id → when it arrived

  constructor(draw: () => void, clock: Clock = () => performance.now()) {
    super({ entries: [], total: 0 })
    this.#draw = draw
    this.#clock = clock
  }

  arrived(event: { type: string; data: unknown; id?: string }, replayed: boolean, at = Date.now()): Arrival {
    const arrivedAt = this.#clock()
    const { id } = event
    if (id !== undefined) this.#arrived.set(id, arrivedAt)
    const sentAt = id === undefined ? undefined : this.#sent.get(id)
    const entry: Arrival = {
      kind: 'event', key: ++this.#key, at, type: event.type, data: event.data, id, replayed,
      latency: sentAt === undefined ? estimate(id, at) : { ms: arrivedAt - sentAt, measured: true },
    }
    this.#total++
    this.#add(entry)
    return entry
  }

  /** This page has sent an event, and now knows the id that it was given. */
  sent(id: string, sentAt: number): void {
    this.#sent.set(id, sentAt)
    const arrivedAt = this.#arrived.get(id)
    if (arrivedAt === undefined) return
    const measure = (entry: Entry): Entry =>
      entry.kind === 'event' && entry.id === id ? { ...entry, latency: { ms: arrivedAt - sentAt, measured: true } } : entry
    this.#incoming = this.#incoming.map(measure)
    this.patch({ entries: this.get().entries.map(measure) })
  }

  note(mood: Note['mood'], text: string, at = Date.now()): void {
    this.#add({ kind: 'note', key: ++this.#key, at, mood, text })
  }

  /** Shows what has come since the last frame. */
  flush(): void {
    if (this.#incoming.length === 0) return
    this.set({ entries: prepend(this.#incoming, this.get().entries, historyRoom), total: this.#total })
    this.#incoming = []
  }

  clear(): void {
    this.#incoming = []
    this.#total = 0
    this.set({ entries: [], total: 0 })
  }

  #add(entry: Entry): void {
    this.#incoming = prepend([entry], this.#incoming, historyRoom)
    this.#draw()
  }
}

/** The server's ids begin with the time at which it took the event, by its own clock. */
function estimate(id: string | undefined, at: number): Latency | null {
  const time = /^(\d{13})-\d+$/.exec(id ?? '')
  return time === null ? null : { ms: Math.max(0, at - Number(time[1])), measured: false }
}
