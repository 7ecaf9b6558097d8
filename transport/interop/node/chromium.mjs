// The EventSource of a page in headless Chromium.
import { chromium } from 'playwright-core'
import { obey, order, report } from './report.mjs'

const browser = await chromium.launchPersistentContext(order.profile, {
  executablePath: order.chromium,
  headless: true,
  // A sandbox needs rights that root in a container lacks. The others keep
  // Chromium from talking to anybody but the server under test.
  chromiumSandbox: false,
  args: ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync']
})
let page
let leaving = false
obey(() => page?.evaluate(() => window.source?.close()), () => {
  leaving = true
  return browser.close()
})

page = await browser.newPage()
page.on('console', (message) => console.error(message.text()))
// Any document will do; what counts is its origin.
await page.goto(new URL('/healthz', order.page ?? order.url).href)
await page.evaluate(({ url, names }) => {
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

// The page keeps the order; each call takes what has come since the last one.
const next = async () => {
  if (window.seen.length === 0) await new Promise((resolve) => { window.wake = resolve })
  return window.seen.splice(0)
}
try {
  for (;;) {
    for (const [type, data, id] of await page.evaluate(next)) report(type, data, id)
  }
} catch (error) {
  if (!leaving) throw error
}
