import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { Store } from '../../shared/store'

export interface Resume {
  status: 'resumed' | 'partial' | 'reset'
  from?: string
  to?: string
  /** How many events follow; unknown behind a long replay until that ends. */
  replayed?: number
}

export interface WireState {
  heartbeatAt: number | null
  heardAt: number | null
  bytes: number
  /** What the newest stream was told about what it had missed; null: it had missed nothing. */
  resume: Resume | null
}

/** What the wire says of streams, beside the events that they bring. */
export type WireNote =
  | { what: 'opened'; resume: Resume | null }
  | { what: 'replayed'; replayed: number }
  | { what: 'gap'; dropped: number }
  | { what: 'ended'; code: string; message: string }

/**
 * Looks at a stream's bytes on their way to the hook: heartbeats, the greeting, and which
 * events are replayed ones. The hook keeps these to itself, for apps have no use for them;
 * a demonstration has. Nothing is changed on the way.
 */
export class Wire extends Store<WireState> {
  readonly #onNote: (note: WireNote) => void
  readonly #changed: () => void
  #next: WireState
  /** Replayed events still to come: a number, or all until the server says that was it. */
  #replaying = 0
  readonly #replayed = new Set<string>()

  /** `changed` is called for each chunk; whoever gets it calls `publish` in its own time. */
  constructor(onNote: (note: WireNote) => void, changed: () => void) {
    super({ heartbeatAt: null, heardAt: null, bytes: 0, resume: null })
    this.#next = this.get()
    this.#onNote = onNote
    this.#changed = changed
  }

  publish(): void {
    this.set(this.#next)
  }

  /** Whether this event was a replayed one; asked once for each. */
  takeReplayed(id: string | undefined): boolean {
    return id !== undefined && this.#replayed.delete(id)
  }

  fetch: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    if (response.body === null || !response.ok) return response
    return new Response(response.body.pipeThrough(this.#tap()), response)
  }

  #tap(): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
    const decoder = new TextDecoder()
    const parser = createParser({ onEvent: (event) => this.#see(event) })
    this.#replaying = 0
    this.#replayed.clear() // what has not been dispatched now never will be
    return new TransformStream({
      transform: (chunk, controller) => {
        this.#next = { ...this.#next, bytes: this.#next.bytes + chunk.byteLength, heardAt: Date.now() }
        parser.feed(decoder.decode(chunk, { stream: true }))
        this.#changed()
        controller.enqueue(chunk)
      },
    })
  }

  #see({ event, data, id }: EventSourceMessage): void {
    switch (event) {
      case 'heartbeat':
        this.#next = { ...this.#next, heartbeatAt: Date.now() }
        return
      case 'connection':
        this.#greeted(parse(data))
        return
      case 'error': {
        const { code, message } = parse(data)
        this.#onNote({ what: 'ended', code: String(code ?? 'ERROR'), message: String(message ?? '') })
        return
      }
    }
    if (this.#replaying === 0) return
    this.#replaying--
    if (id !== undefined) this.#replayed.add(id)
  }

  #greeted(data: Record<string, unknown>): void {
    if (data['status'] === 'connected') {
      const resume = (data['resume'] ?? null) as Resume | null
      this.#next = { ...this.#next, resume }
      this.#replaying = resume === null ? 0 : resume.replayed ?? Infinity
      this.#onNote({ what: 'opened', resume })
    }
    if (data['status'] === 'replayed') {
      this.#replaying = 0
      const replayed = Number(data['replayed'])
      if (this.#next.resume !== null) this.#next = { ...this.#next, resume: { ...this.#next.resume, replayed } }
      this.#onNote({ what: 'replayed', replayed })
    }
    if (data['status'] === 'gap') this.#onNote({ what: 'gap', dropped: Number(data['dropped']) })
  }
}

function parse(data: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(data)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
