/** The newest `room` items, newest first. Older ones are dropped. */
export function prepend<T>(newest: readonly T[], items: readonly T[], room: number): T[] {
  if (newest.length >= room) return newest.slice(0, room)
  return [...newest, ...items.slice(0, room - newest.length)]
}

/** What was noted under a name lately: at most `room` names, the oldest goes first. */
export class Recent<V> {
  readonly #entries = new Map<string, V>()
  readonly #room: number

  constructor(room: number) {
    this.#room = room
  }

  get size(): number {
    return this.#entries.size
  }

  get(name: string): V | undefined {
    return this.#entries.get(name)
  }

  set(name: string, value: V): void {
    this.#entries.delete(name)
    this.#entries.set(name, value)
    if (this.#entries.size <= this.#room) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      return
    }
  }
}
