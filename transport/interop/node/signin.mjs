// Signs in with an app's own form, as a person would, and reads with the EventSource of
// one of the app's pages. Asked to "sign out" it does so in another tab, opens the
// stream anew, and reports what becomes of it ("given up"), with the answer's status.
import { launch, open, reportAll } from './browser.mjs'
import { obey, order, report } from './report.mjs'

const at = (path) => new URL(path, order.page).href

const browser = await launch()
let page
let leaving = false
obey(() => page?.evaluate(() => window.source?.close()), () => {
  leaving = true
  return browser.close()
}, { 'sign out': signOut })

page = await browser.newPage()
page.on('console', (message) => console.error(message.text()))
await page.goto(at('/api/auth/signin'))
await page.getByLabel('Name').fill(order.user)
await page.getByRole('button', { name: 'Sign in' }).click()
await page.waitForURL(at('/'))
await open(page)
try {
  await reportAll(page)
} catch (error) {
  if (!leaving) throw error
}

async function signOut () {
  await page.evaluate(() => window.source.close())
  const tab = await browser.newPage()
  await tab.goto(at('/api/auth/signout'))
  await tab.getByRole('button', { name: 'Sign out' }).click()
  await tab.waitForURL(at('/'))

  const answer = page.waitForResponse((response) => response.url() === order.url)
  const end = await page.evaluate((url) => new Promise((resolve) => {
    window.source = new EventSource(url, { withCredentials: true })
    window.source.onopen = () => resolve('let in')
    window.source.onerror = () => resolve(window.source.readyState === EventSource.CLOSED ? 'given up' : 'coming back')
  }), order.url)
  report(end, String((await answer).status()), '')
}
