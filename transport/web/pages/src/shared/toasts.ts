import { Store } from './store'

export type Mood = 'info' | 'good' | 'warn' | 'bad'

export interface Toast {
  id: number
  mood: Mood
  /** What kind of message this is, in a word or two: colour alone says nothing. */
  label: string
  text: string
}

/** Toasts on the page at most; the oldest goes first. */
export const toastRoom = 5

/** Time to read one. Those that tell of a failure stay until they are dismissed. */
export const toastMs = 8_000

/** Messages that come and go by themselves, but not while somebody is at them. */
export class ToastModel extends Store<readonly Toast[]> {
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>()
  #held = false
  #id = 0

  constructor() {
    super([])
  }

  show(toast: Omit<Toast, 'id'>): void {
    const id = ++this.#id
    const toasts = [...this.get(), { ...toast, id }]
    for (const gone of toasts.slice(0, -toastRoom)) this.#forget(gone.id)
    this.set(toasts.slice(-toastRoom))
    if (!this.#held) this.#time(id)
  }

  dismiss(id: number): void {
    this.#forget(id)
    this.set(this.get().filter((toast) => toast.id !== id))
  }

  /** The pointer or the focus is on them. */
  hold(): void {
    if (this.#held) return
    this.#held = true
    for (const { id } of this.get()) this.#forget(id)
  }

  /** It has left: each gets its whole time again. */
  release(): void {
    if (!this.#held) return
    this.#held = false
    for (const { id } of this.get()) this.#time(id)
  }

  #time(id: number): void {
    if (this.get().find((toast) => toast.id === id)?.mood === 'bad') return
    this.#timers.set(id, setTimeout(() => this.dismiss(id), toastMs))
  }

  #forget(id: number): void {
    clearTimeout(this.#timers.get(id))
    this.#timers.delete(id)
  }
}
