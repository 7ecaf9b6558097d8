// /demo, in a browser, from the real server.
import { describe, expect } from 'vitest'
import { test } from './harness/test.js'
import { counts, fits, isAccessible, openDemo, openPage, panel, reads } from './pages.harness.js'

// Looking for what keeps people out takes its time on two cores.
describe('the demo', { timeout: 60_000 }, () => {
  test('takes the key out of the address at once, and asks nobody but its server', async ({ start, window }) => {
    const { server } = await start()
    const { page, asked, complaints } = await openDemo(window, server)
    expect(page.url()).toBe(`${server.url}/demo`)
    expect(await page.getByLabel('API key').inputValue()).toBe(server.key)
    expect(new Set(asked.map((url) => url.origin))).toEqual(new Set([server.url]))
    expect(asked.map(String).filter((url) => url.includes(server.key))).toEqual([])
    expect(complaints).toEqual([])
  })

  test('sends with every utility, and shows what comes back', async ({ start, window }) => {
    const { server } = await start()
    const { page, complaints } = await openDemo(window, server)
    const events = panel(page, 'Events').getByRole('listitem')
    await page.getByLabel('Message', { exact: true }).fill('Hello')
    const calls: Array<[call: string, button: string, event: string, data: string | RegExp]> = [
      ...['info', 'success', 'warning', 'error'].map((type): [string, string, string, string] =>
        ['sendNotification', type, 'notification', `"message":"Hello","type":"${type}","priority":"normal","persistent":false`]),
      ['sendAlert', 'alert', 'alert', '"title":"Heads up","message":"Hello"'],
      ...['created', 'updated', 'deleted'].map((action): [string, string, string, string] =>
        ['sendUpdate', action, 'update', `"resource":"orders","action":"${action}"`]),
      ...['info', 'warning', 'maintenance'].map((level): [string, string, string, string] =>
        ['sendSystemMessage', level, 'system', `"message":"Hello","level":"${level}"`])
    ]
    let received = 0
    for (const [call, button, event, data] of calls) {
      await page.getByRole('group', { name: call }).getByRole('button', { name: button }).click()
      await reads(panel(page, 'Events').getByRole('heading').locator('xpath=..'), `${++received} received`)
      await reads(events.first(), data)
      // Measured from sending to arrival: a guess has a ≈ before it.
      await reads(events.first(), new RegExp(`${event}[\\d.]+ m?s`))
    }
    await page.getByLabel('Event of your own').fill('my.event')
    await page.getByLabel('Its data').fill('{"x":1')
    await reads(panel(page, 'Send'), /Not JSON/)
    expect(await page.getByRole('button', { name: 'sendCustomEvent' }).isDisabled()).toBe(true)
    await page.getByLabel('Its data').fill('{"x":1}')
    for (const call of ['sendCustomEvent', 'broadcast to everybody']) {
      await page.getByRole('button', { name: call }).click()
      await reads(panel(page, 'Events').getByRole('heading').locator('xpath=..'), `${++received} received`)
      await reads(events.first(), 'my.event')
      await reads(events.first(), '{"x":1}')
    }
    await reads(panel(page, 'Send').getByRole('status'), 'queued for 1 stream')
    expect(complaints).toEqual([])
  })

  test('shows notifications that can be dismissed, and not too many', async ({ start, window }) => {
    const { server } = await start()
    const { page } = await openDemo(window, server)
    const toasts = page.getByRole('region', { name: 'Notifications' }).getByRole('listitem')
    const session = await page.getByLabel('Session', { exact: true }).inputValue()
    await server.publishBatch(Array.from({ length: 30 }, (_, n) => ({ event: 'notification', data: { message: `no. ${n}`, type: 'error' }, sessionId: session })))
    await reads(toasts, 'no. 29')
    await counts(toasts, 5)
    for (let left = 4; left >= 0; left--) {
      await toasts.first().getByRole('button').press('Enter')
      await counts(toasts, left)
    }
    await counts(panel(page, 'Events').getByRole('listitem').getByText('notification', { exact: true }), 30)
  })

  test('comes back after its stream is cut, and marks what it has missed', async ({ start, window }) => {
    const { server } = await start({ retry: '500ms' })
    const { page } = await openDemo(window, server)
    await page.getByRole('button', { name: 'Cut my stream' }).click()
    const events = panel(page, 'Events')
    await reads(events, /DISCONNECTED_BY_ADMIN/)
    await counts(events.getByText('replayed', { exact: true }), 3)
    await reads(events, /3 of 3.*2 of 3.*1 of 3/s)
    await reads(events, /resumed, 3 missed events follow/)
    await reads(panel(page, 'Stream'), /resumed, 3 replayed/)
    await reads(events.getByRole('heading').locator('xpath=..'), /^Events3 received/) // though there was none before the cut
  })

  test('goes on where it was after a reload', async ({ start, window }) => {
    const { server } = await start()
    const { page } = await openDemo(window, server)
    const sessionId = await page.getByLabel('Session', { exact: true }).inputValue()
    await server.publish({ data: 'before', sessionId })
    await reads(panel(page, 'Events'), 'before')
    await page.goto('about:blank')
    await server.streams(0)
    await server.publish({ data: 'meanwhile', sessionId })
    await page.goto(`${server.url}/demo`)
    await reads(panel(page, 'Events'), /replayed.*meanwhile/s)
    expect(await panel(page, 'Events').getByText('before').count()).toBe(0)
  })

  test('connects and disconnects by hand, as another session, with topics', async ({ start, window }) => {
    const { server } = await start({ 'public-topics': 'news' })
    const { page } = await openDemo(window, server)
    await page.getByRole('button', { name: 'Disconnect' }).click()
    await reads(page.getByRole('banner'), 'Disconnected')
    await server.streams(0)
    await page.getByLabel('Session', { exact: true }).fill('another')
    await page.getByLabel('Topics', { exact: true }).fill('news')
    await page.getByLabel('Topics', { exact: true }).press('Enter')
    const [client] = await server.streams(1)
    expect(client).toMatchObject({ sessionId: 'another', topics: ['news'] })
    await page.getByRole('radio', { name: 'The topics' }).check()
    await page.getByRole('button', { name: 'alert' }).click()
    await reads(panel(page, 'Events'), 'Heads up')
  })

  test('says what is wrong where sending is refused', async ({ start, window }) => {
    const { server } = await start()
    const { page } = await openDemo(window, server)
    await page.getByLabel('API key').fill('wrong-key-wrong-key-wrong')
    await page.getByRole('button', { name: 'alert' }).click()
    await reads(panel(page, 'Send').getByRole('status'), /sendAlert: .*/)
    await page.getByLabel('API key').fill('')
    await page.getByRole('button', { name: 'alert' }).click()
    await reads(panel(page, 'Send').getByRole('status'), 'needs an API key')
  })

  test('keeps nobody out', async ({ start, window }) => {
    const { server } = await start()
    const { page } = await openDemo(window, server)
    await page.getByRole('button', { name: 'success' }).click()
    await page.getByRole('group', { name: 'sendNotification' }).getByRole('button', { name: 'error' }).click()
    await page.getByRole('button', { name: 'alert' }).click()
    await counts(page.getByRole('region', { name: 'Notifications' }).getByRole('listitem'), 3)
    await isAccessible(page)
    await fits(page)
  })

  test('can be used with the keyboard alone', async ({ start, window }) => {
    const { server } = await start()
    const { page } = await openDemo(window, server)
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the events')
    await page.keyboard.press('Enter')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('events')
    await page.getByRole('radio', { name: 'This session' }).focus()
    await page.keyboard.press('ArrowRight')
    expect(await page.getByRole('radio', { name: 'This stream' }).isChecked()).toBe(true)
    await page.getByRole('button', { name: 'alert' }).focus()
    await page.keyboard.press('Enter')
    await reads(panel(page, 'Events'), 'Heads up')
  })

  test('keeps the colours that were chosen', async ({ start, window }) => {
    const { server } = await start()
    const { page } = await openDemo(window, server)
    const background = async (): Promise<string> => await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    await page.emulateMedia({ colorScheme: 'light' })
    const light = await background()
    await page.getByRole('radio', { name: 'Dark' }).check({ force: true })
    const dark = await background()
    expect(dark).not.toBe(light)
    await page.reload()
    expect(await background()).toBe(dark)
    await page.getByRole('radio', { name: 'Colours of the system' }).check({ force: true })
    expect(await background()).toBe(light)
  })

  test('is not there in production, where the dashboard is', async ({ start, window }) => {
    const { server } = await start({ mode: 'production' })
    const { page } = await openPage(window, server, '/admin')
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect((await fetch(`${server.url}/demo`)).status).toBe(404)
  })
})
