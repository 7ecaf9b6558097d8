// What ends a stream at the server's side or by the page's own doing, and that
// nothing is lost or doubled by it.
import { describe, expect } from 'vitest'
import { hang } from './harness/hang.js'
import { Publisher } from './harness/publisher.js'
import { test } from './harness/test.js'
import { until } from './harness/until.js'

const s = { sessionId: 's' }
// Streams that are cut every moment wait longer and longer; not so long here.
const hasty = { main: { ...s, maxReconnectInterval: 300 } }

describe('the server', () => {
  test('is killed, with a journal: no persistent event is lost', async ({ start, directory }) => {
    const { server, open } = await start({ 'data-dir': directory })
    const tab = await open()
    await tab.is('open')
    const publisher = new Publisher(server, s, { persistent: true })
    await publisher.send(5)
    await tab.hasExactly(publisher.ids)
    await publisher.send(5) // some of them may not be out when it dies
    await server.kill()
    await tab.is('waiting')
    await server.start()
    await publisher.send(5)
    await tab.hasExactly(publisher.ids)
    // The live events of before are gone, if there were any: that is told.
    expect(tab.of('gap')).toMatchObject([{ reason: 'partial' }])
  })

  test('is killed, without a journal: what may be lost is told', async ({ start }) => {
    const { server, open } = await start()
    const tab = await open()
    await tab.is('open')
    const publisher = new Publisher(server, s)
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    await server.kill()
    await server.start()
    await tab.opened(2)
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    expect(tab.of('gap')).toMatchObject([{ reason: 'partial', from: publisher.ids[2] }])
  })

  test('is deployed anew while events are sent, with a journal: all is resumed', async ({ start, directory }) => {
    const { server, open } = await start({ 'data-dir': directory })
    const tab = await open()
    await tab.is('open')
    const publisher = new Publisher(server, s)
    const flow = publisher.flow()
    await tab.has('event', 20)
    await server.stop()
    await server.start()
    await tab.opened(2)
    await flow.stop()
    await tab.hasExactly(publisher.ids)
    expect(tab.of('gap')).toEqual([])
  })

  test('ends the stream: it is resumed', async ({ start }) => {
    const { server, site, open } = await start()
    const tab = await open()
    await tab.is('open')
    const publisher = new Publisher(server, s)
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    expect(await server.disconnect(s)).toBe(1)
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    expect(site.asked.map(({ lastEventId }) => lastEventId)).toEqual([undefined, publisher.ids[2]])
    expect(tab.of('error')).toMatchObject([{ code: 'DISCONNECTED_BY_ADMIN' }])
  })

  test('tells what was dropped when the page is too slow', async ({ start }) => {
    const { server, site, open } = await start({ 'outbox-frames': '16' })
    const tab = await open()
    await tab.is('open')
    const publisher = new Publisher(server, s, { data: 'x'.repeat(60_000) })
    const release = await hang(tab, site)
    await until('events are dropped', async () => {
      await publisher.send(10)
      return (await server.clients()).some(({ dropped }) => dropped > 0)
    })
    release()
    // When it has read what waited, there is room for one more.
    await until('nothing waits', async () => (await server.clients()).every(({ queued }) => queued === 0))
    await publisher.send()
    await tab.until('the last event', () => tab.ids().includes(publisher.ids.at(-1)))
    const got = new Set(tab.ids())
    const missed = publisher.ids.filter((id) => !got.has(id))
    expect(tab.ids()).toEqual(publisher.ids.filter((id) => got.has(id))) // in order, and once
    const gaps = tab.of('gap')
    expect(gaps.map(({ reason }) => reason)).toEqual(gaps.map(() => 'dropped'))
    expect(gaps.reduce((sum, { dropped = 0 }) => sum + dropped, 0)).toBe(missed.length)
    expect(gaps[0]?.from).toBe(missed[0])
    expect(gaps.at(-1)?.to).toBe(missed.at(-1))
  })

  test('ends the stream rather than drop what is important, and all is resumed', async ({ start }) => {
    const { server, site, open } = await start({ 'outbox-frames': '16' })
    const tab = await open()
    await tab.is('open')
    const publisher = new Publisher(server, s, { data: 'x'.repeat(60_000), priority: 'high' })
    const release = await hang(tab, site)
    await until('the stream is ended', async () => {
      await publisher.send(10)
      return (await server.clients()).length === 0
    })
    release()
    await tab.opened(2)
    await publisher.send()
    await tab.hasExactly(publisher.ids)
    expect(tab.of('gap')).toEqual([])
  })
})

describe('the page', () => {
  test('loses its stream again and again while events are sent', async ({ start }) => {
    const { server, site, open } = await start()
    const tab = await open(hasty)
    await tab.is('open')
    const publisher = new Publisher(server, s)
    const flow = publisher.flow()
    for (let cuts = 1; cuts <= 5; cuts++) {
      const seen = tab.events().length
      await tab.has('event', seen + 5)
      site.cut()
      await tab.opened(cuts + 1)
    }
    await flow.stop()
    await tab.hasExactly(publisher.ids)
    expect(tab.of('gap')).toEqual([])
  })

  test('loses its stream before its first event: it goes on from where it came in', async ({ start }) => {
    const { server, site, open } = await start()
    await new Publisher(server, s).send(2) // before its time
    const tab = await open()
    await tab.is('open')
    site.cut()
    await server.streams(0)
    const publisher = new Publisher(server, s)
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    expect(tab.of('gap')).toEqual([])
  })

  test('is loaded again while events are sent', async ({ start }) => {
    const { server, open } = await start()
    const tab = await open()
    await tab.is('open')
    const publisher = new Publisher(server, s)
    const flow = publisher.flow()
    for (let reloads = 1; reloads <= 3; reloads++) {
      const seen = tab.events().length
      await tab.has('event', seen + 5)
      await tab.page.reload()
      await tab.opened(reloads + 1)
    }
    await flow.stop()
    await tab.hasExactly(publisher.ids)
  })

  test('comes back from the back/forward cache', async ({ start }) => {
    const { server, site, open } = await start()
    const tab = await open()
    await tab.is('open')
    const publisher = new Publisher(server, s)
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    await tab.page.goto(`${site.url}/empty`)
    await server.streams(0) // who is in the cache must not hold a stream
    await publisher.send(3)
    await tab.page.goBack({ waitUntil: 'commit' })
    await tab.until('it is the same page', () => tab.of('note', 'page').some(({ text }) => text === 'back from the cache'))
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    await server.streams(1)
  })
})
