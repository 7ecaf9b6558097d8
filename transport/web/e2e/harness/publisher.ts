import { setTimeout as pause } from 'node:timers/promises'
import { NotSent, type Outgoing, type Server, type Target } from './server.js'

/** Publishes numbered events for one receiver, and knows the ids of all of them. */
export class Publisher {
  readonly ids: string[] = []

  constructor (readonly server: Server, readonly target: Target, readonly each: Partial<Outgoing> = {}) {}

  /** Sends so many, one after the other. */
  async send (count = 1): Promise<void> {
    for (let i = 0; i < count; i++) {
      const { event } = await this.server.publish(this.#next())
      this.ids.push(event.id)
    }
  }

  /** Sends so many in one request: they leave the server together. */
  async sendBatch (count: number): Promise<void> {
    const first = this.ids.length
    const events = Array.from({ length: count }, (_, i) => this.#next(first + i))
    this.ids.push(...await this.server.publishBatch(events))
  }

  /** Sends one after the other until it is told to stop, over restarts of the server too. */
  flow (): { stop: () => Promise<void> } {
    let going = true
    const done = (async () => {
      while (going) {
        try {
          await this.send()
        } catch (error) {
          if (!(error instanceof NotSent)) throw error
          await pause(20)
        }
        await pause(15)
      }
    })()
    done.catch(() => {}) // stop tells
    return { stop: async () => { going = false; await done } }
  }

  #next (n = this.ids.length): Outgoing {
    return { event: 'count', data: { n }, ...this.each, ...this.target }
  }
}
