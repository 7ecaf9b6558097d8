// The EventSource of a page in headless Chromium.
import { launch, open, reportAll } from './browser.mjs'
import { obey, order } from './report.mjs'

const browser = await launch()
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
await open(page)
try {
  await reportAll(page)
} catch (error) {
  if (!leaving) throw error
}
