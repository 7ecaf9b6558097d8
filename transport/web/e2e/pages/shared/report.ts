import type { Said } from '../../harness/said.js'

/** The harness: answers when it has heard. */
declare function hear (key: string, said: Said): Promise<void>

const kept = 'said:'
let count = 0

/**
 * Tells the harness. What it has not answered yet is kept in sessionStorage: a
 * page that is on its way out still runs for a moment, with nobody listening.
 */
export function report (said: Said): void {
  const key = `${kept}${performance.timeOrigin}:${String(count++).padStart(8, '0')}`
  sessionStorage.setItem(key, JSON.stringify(said))
  tell(key, said)
}

function tell (key: string, said: Said): void {
  void hear(key, said).then(() => { sessionStorage.removeItem(key) })
}

/** Tells what was not heard. */
function tellKept (): void {
  for (const key of Object.keys(sessionStorage).filter((key) => key.startsWith(kept)).sort()) {
    tell(key, JSON.parse(sessionStorage.getItem(key) ?? '') as Said)
  }
}

// What the page before this one could not tell, or this one when it was left.
tellKept()
addEventListener('pageshow', ({ persisted }) => {
  if (!persisted) return
  tellKept()
  report({ by: 'page', kind: 'note', text: 'back from the cache' })
})
