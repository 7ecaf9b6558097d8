// What happens to laptops, tabs and connections, and that nothing is lost or
// doubled by it.
import { describe, expect } from 'vitest'
import { Publisher } from './harness/publisher.js'
import { one, test } from './harness/test.js'
import { until } from './harness/until.js'

const s = { sessionId: 's' }
// The watchdog barks after 2.5 heartbeats of silence.
const lively = { main: { ...s, heartbeatInterval: 200 } }
const beating = { 'heartbeat-interval': '200ms' }

describe('a laptop', () => {
  test('sleeps while the server is restarted', async ({ start, laptop, directory }) => {
    const { server, open } = await start({ 'data-dir': directory })
    const tab = await open(one, { window: laptop.window })
    await tab.is('open')
    const publisher = new Publisher(server, s, { persistent: true })
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    laptop.chromium.signal('SIGSTOP')
    await publisher.send(3)
    await server.kill()
    await server.start()
    await publisher.send(3)
    laptop.chromium.signal('SIGCONT')
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
  })

  test('sleeps until its connection is forgotten on the way, and hears nothing of it', async ({ start, laptop }) => {
    const { server, site, open } = await start(beating)
    const tab = await open(lively, { window: laptop.window })
    await tab.is('open')
    const publisher = new Publisher(server, s)
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    laptop.chromium.signal('SIGSTOP')
    site.silence()
    await publisher.send(3)
    laptop.chromium.signal('SIGCONT')
    await tab.hasExactly(publisher.ids)
  })
})

describe('a network', () => {
  test('goes away and comes back', async ({ start, window }) => {
    const { server, site, open } = await start()
    const tab = await open()
    await tab.is('open')
    const publisher = new Publisher(server, s)
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    await window.setOffline(true)
    site.cut()
    await tab.is('offline')
    await publisher.send(3)
    await window.setOffline(false)
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    expect(site.asked).toHaveLength(2) // none in vain
  })

  test('falls silent without a word: the watchdog notices', async ({ start }) => {
    const { server, site, open } = await start(beating)
    const tab = await open(lively)
    await tab.is('open')
    const publisher = new Publisher(server, s)
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    site.silence()
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    await server.streams(1)
  })

  test('has a proxy that answers 502 for a while, and its stream heals', async ({ start }) => {
    const { server, site, open } = await start()
    const tab = await open()
    await tab.is('open')
    const publisher = new Publisher(server, s)
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    site.intercept = ({ earlier }) => earlier <= 2
      ? { status: 502, headers: { 'Content-Type': 'text/html' }, body: '<h1>502 Bad Gateway</h1>' }
      : undefined
    site.cut()
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    expect(tab.of('error').filter(({ status }) => status === 502)).toHaveLength(2)
    expect(site.asked).toHaveLength(4)
  })

  test('has a server that is too busy, and says when to come back', async ({ start }) => {
    const { server, site, open } = await start()
    let told = 0
    let back = 0
    site.intercept = ({ earlier }) => {
      if (earlier === 0) {
        told = performance.now()
        return { status: 503, headers: { 'Retry-After': '1' } }
      }
      back = performance.now()
      return undefined
    }
    const tab = await open()
    await tab.is('open')
    expect(back - told).toBeGreaterThan(990)
    const publisher = new Publisher(server, s)
    await publisher.send()
    await tab.hasExactly(publisher.ids)
  })
})

describe('a tab', () => {
  test('is frozen while its stream ends', async ({ start }) => {
    const { server, site, open } = await start()
    const tab = await open()
    await tab.is('open')
    const publisher = new Publisher(server, s)
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    await tab.freeze()
    await publisher.send(3)
    site.cut()
    await server.streams(0)
    await publisher.send(3)
    expect(tab.events()).toHaveLength(3) // it is frozen indeed
    await tab.thaw()
    await tab.hasExactly(publisher.ids)
  })

  test('is frozen for a while', async ({ start }) => {
    const { server, open } = await start()
    const tab = await open()
    await tab.is('open')
    const publisher = new Publisher(server, s)
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    await tab.freeze()
    await publisher.send(50)
    await tab.thaw()
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    expect(tab.of('gap')).toEqual([])
  })

  test('is hidden behind another, where timers are slow, and is not taken for asleep', async ({ start }) => {
    const { server, open } = await start(beating)
    const tab = await open({ main: { ...s, heartbeatInterval: 800 } })
    await tab.is('open')
    const front = await open({ main: { sessionId: 'front' } })
    await front.is('open')
    expect(await tab.page.evaluate(() => document.visibilityState)).toBe('hidden')
    // Longer than the watchdog has patience: 2.5 × 800 ms.
    await until('15 heartbeats for each', async () => (await server.metrics()).heartbeats >= 30)
    const publisher = new Publisher(server, s)
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    await tab.page.bringToFront()
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    expect(await server.metrics()).toMatchObject({ totalConnections: 2 }) // nobody came back for it
  })
})
