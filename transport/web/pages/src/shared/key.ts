// The API key of this tab. It comes with the link that the server prints, behind the #,
// which browsers send to nobody; or from the form. sessionStorage forgets it with the tab.

const slot = 'sseactor:key'

/** Takes the key out of the address, so that it is in no bookmark and no screenshot. Says whether there was one. */
export function takeKeyFromAddress(): boolean {
  const fragment = new URLSearchParams(location.hash.slice(1))
  const key = fragment.get('key')
  if (key === null) return false
  fragment.delete('key')
  const rest = fragment.toString()
  history.replaceState(history.state, '', location.pathname + location.search + (rest === '' ? '' : `#${rest}`))
  saveKey(key)
  return true
}

/**
 * Does so at once, and whenever the link is opened over a page that is there already: only
 * the part behind the # changes then, and nothing is loaded by itself.
 */
export function followAddress(begin = () => location.reload()): void {
  takeKeyFromAddress()
  addEventListener('hashchange', () => {
    if (takeKeyFromAddress()) begin()
  })
}

export function loadKey(): string {
  try {
    return sessionStorage.getItem(slot) ?? ''
  } catch {
    return '' // storage is off: the key lives as long as the page
  }
}

export function saveKey(key: string): void {
  try {
    if (key === '') sessionStorage.removeItem(slot)
    else sessionStorage.setItem(slot, key)
  } catch {
    // See loadKey.
  }
}
