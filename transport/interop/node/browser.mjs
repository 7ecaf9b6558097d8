// A page in headless Chromium that reads with EventSource.
import { chromium } from 'playwright-core'
import { order, report } from './report.mjs'

export function launch () {
  return chromium.launchPersistentContext(order.profile, {
    executablePath: order.chromium,
    headless: true,
    // A sandbox needs rights that root in a container lacks. The others keep
    // Chromium from talking to anybody but the servers under test.
    chromiumSandbox: false,
    args: ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync']
  })
}

/** Opens the stream in the page and notes what it brings. */
export function open (page) {
  return page.evaluate(({ url, names }) => {
    window.seen = []
    window.source = new EventSource(url, { withCredentials: true })
    window.source.onerror = () => {
      if (window.source.readyState !== EventSource.CLOSED) return // it will come back
      window.seen.push(['given up', '', ''])
      window.wake?.()
    }
    for (const name of names) {
      window.source.addEventListener(name, (e) => {
        // EventSource's own error event has the name of one of the server's.
        if (typeof e.data !== 'string') return
        window.seen.push([e.type, e.data, e.lastEventId])
        window.wake?.()
      })
    }
  }, order)
}

/** Reports what the page notes until the browser is closed, and then throws. */
export async function reportAll (page) {
  // The page keeps the order; each call takes what has come since the last one.
  const next = async () => {
    if (window.seen.length === 0) await new Promise((resolve) => { window.wake = resolve })
    return window.seen.splice(0)
  }
  for (;;) {
    for (const [type, data, id] of await page.evaluate(next)) report(type, data, id)
  }
}
