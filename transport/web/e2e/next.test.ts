// A real Next.js app (App Router, React 19, Auth.js) that has installed the packed package:
// useSSE in client components, sseUtils in a route handler, behind it in after(), and in a
// job of plain Node.
import type { Page } from 'playwright-core'
import { expect, inject } from 'vitest'
import { Server } from './harness/server.js'
import { test } from './harness/test.js'
import { until } from './harness/until.js'
import { NextApp } from './next/app.js'

const secret = 'the secret of the app in 32 bytes or more'

interface Told { events: Array<{ type: string, id?: string, text: string }>, gaps: string[], opened: number }

/** A tab of the app, and what its useSSE has told. */
class AppTab {
  constructor (readonly page: Page) {}

  static async open (page: Page, url: string): Promise<AppTab> {
    await page.goto(url)
    return new AppTab(page)
  }

  async status (): Promise<string | null> { return await this.page.textContent('#status') }
  async error (): Promise<string | null> { return await this.page.textContent('#error') }
  async told (): Promise<Told> {
    return await this.page.evaluate(() => (window as unknown as { told?: Told }).told ?? { events: [], gaps: [], opened: 0 })
  }

  /** Waits until it has been connected so many times and is. */
  async connected (times: number): Promise<void> {
    await until(`${this.page.url()} has connected ${times} times`, async () => (await this.told()).opened >= times && await this.status() === 'open')
  }

  /** Waits until it has so many events, and gives their texts. */
  async texts (count: number): Promise<string[]> {
    const { events } = await until(`${count} events in ${this.page.url()}`, async () => {
      const told = await this.told()
      return told.events.length >= count && told
    })
    return events.map(({ text }) => text)
  }
}

// It takes about 85 s of processor time, most of it npm ci and next build.
test('a Next.js app that has installed the package', { timeout: 400_000 }, async ({ window, directory, onTestFinished, onTestFailed, skip }) => {
  const app = await NextApp.make().catch((error: unknown) => {
    // Next.js comes from the registry of npm, which may be out of reach.
    if (process.env.REQUIRE_ALL === '1' || !/npm (ci|install) .*code E(NOTFOUND|AI_AGAIN|CONNREFUSED|TIMEDOUT)/s.test(String(error))) throw error
    return skip(`the app can't be installed: ${String(error).slice(0, 300)}`)
  })
  onTestFinished(async () => { await app.close() })
  onTestFailed(() => { console.error(`the app said:\n${app.log}`) })
  const server = await Server.start(inject('server'), { 'data-dir': directory, 'auth-secret': secret, 'user-topics': 'news', 'allowed-origins': app.url })
  onTestFinished(async () => { await server.kill() })
  // The browser reaches both by the name of one site: cookies know no ports.
  const there = { SSE_URL: server.url.replace('127.0.0.1', 'localhost'), SSE_KEY: server.key }
  await app.start({ ...there, AUTH_SECRET: secret })

  // Sign in.
  const page = await window.newPage()
  const proxied = await AppTab.open(page, app.url)
  await page.fill('[name=name]', 'Ada')
  await page.click('button:text-is("Sign in")')
  await proxied.connected(1)
  const direct = await AppTab.open(await window.newPage(), `${app.url}/direct`)
  await direct.connected(1)
  const tabs = [proxied, direct]
  const expected: string[] = []
  const arrived = async (...texts: string[]): Promise<void> => {
    expected.push(...texts)
    for (const tab of tabs) expect(await tab.texts(expected.length)).toEqual(expected)
  }
  expect((await server.streams(2, { userId: 'ada' })).map(({ topics }) => topics)).toEqual([['news'], ['news']])

  // A route handler, and what it does after its answer.
  await page.bringToFront() // others draw nothing, and can't be clicked
  await page.fill('[name=item]', 'tea')
  await page.click('button:text-is("Order")')
  await arrived('orders created: {"item":"tea"}', 'The receipt for tea is on its way')

  // A background job.
  await app.job('report.mjs', ['ada', 'The report is ready'], there)
  await arrived('The report is ready')
  expect(await proxied.page.textContent('#last')).toBe('The report is ready')

  // A topic; and nothing that is for others.
  await server.publish({ event: 'notification', data: { message: 'for Bob' }, userId: 'bob' })
  await server.publish({ event: 'headline', data: { text: 'Rain' }, topics: ['news'] })
  await arrived('Rain')

  // Streams that are cut come back for what was sent meanwhile.
  expect(await server.disconnect({ userId: 'ada' })).toBe(2)
  await server.publish({ event: 'headline', data: { text: 'while they were away' }, userId: 'ada' })
  await arrived('while they were away')
  for (const tab of tabs) await tab.connected(2)
  for (const tab of tabs) expect((await tab.told()).gaps).toEqual([])

  // The server dies. The job waits for the next one, and what was to be kept is not lost.
  await server.publish({ event: 'notification', data: { message: 'kept' }, userId: 'ada', persistent: true })
  await arrived('kept')
  await server.kill()
  const job = app.job('report.mjs', ['ada', 'The report is ready again'], there)
  await server.start()
  expect(await job).toMatchObject({ persisted: true })
  await arrived('The report is ready again')
  for (const tab of tabs) {
    await tab.connected(3)
    expect((await tab.told()).gaps).toEqual(['partial']) // what was sent to others' memory alone may be gone
  }

  // Signing out ends the other tabs' streams as well, and they know not to come back.
  await page.click('button:text-is("Sign out")')
  await page.waitForSelector('button:text-is("Sign in")')
  await until('the other tab stops', async () => await direct.status() === 'closed')
  expect(await direct.error()).toBe('UNAUTHORIZED')
  expect((await page.request.get(`${app.url}/api/sse`, { headers: { Accept: 'text/event-stream' } })).status()).toBe(401)
  await server.streams(0)

  // Each once: all that came had another id.
  const { events } = await direct.told()
  expect(events.map(({ text }) => text)).toEqual(expected)
  expect(new Set(events.map(({ id }) => id)).size).toBe(expected.length)
  // The app's log tells of the server that was not there, and not of each stream that was cut.
  const lines = app.log.split('\n').filter((line) => !line.startsWith('sseactor: a stream could not be passed on: GET http://localhost:'))
  expect(lines.join('\n')).not.toMatch(/error|failed|terminated|abort/i)
})
