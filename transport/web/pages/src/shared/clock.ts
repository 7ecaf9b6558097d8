import { useEffect } from 'preact/hooks'
import { Store, useStore } from './store'

// One timer for all that counts seconds, and none while nothing does.
const now = new Store(Date.now())
let watchers = 0
let timer: ReturnType<typeof setInterval> | undefined

/** The time, to the second. */
export function useNow(): number {
  useEffect(() => {
    if (watchers++ === 0) timer = setInterval(() => now.set(Date.now()), 1000)
    return () => {
      if (--watchers === 0) clearInterval(timer)
    }
  }, [])
  return Math.max(useStore(now), 0)
}
