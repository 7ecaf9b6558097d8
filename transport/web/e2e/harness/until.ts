import { setTimeout as pause } from 'node:timers/promises'

const patience = 15_000 // ms

/** Waits until the condition holds, and returns what it returned. Asks again and again: for what can't tell by itself. */
export async function until<T> (what: string, condition: () => Promise<T | false | undefined> | T | false | undefined): Promise<T> {
  const deadline = Date.now() + patience
  let failure: unknown
  for (;;) {
    try {
      const held = await condition()
      if (held !== false && held !== undefined) return held
      failure = undefined
    } catch (error) {
      failure = error
    }
    if (Date.now() > deadline) throw new Error(`not within ${patience} ms: ${what}`, { cause: failure })
    await pause(10)
  }
}
