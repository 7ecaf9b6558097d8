import { randomId } from '../shared/random'

// The session of this tab, so that a page that is loaded anew goes on where it was.
const slot = 'sseactor:demo-session'

export function loadSession(): string {
  const fresh = `demo-${randomId().slice(0, 12)}`
  try {
    return sessionStorage.getItem(slot) ?? fresh
  } catch {
    return fresh
  }
}

export function saveSession(sessionId: string): void {
  try {
    sessionStorage.setItem(slot, sessionId)
  } catch {
    // Then each load is a new visitor.
  }
}
