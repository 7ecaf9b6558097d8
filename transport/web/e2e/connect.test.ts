// useSSE in a page, with nothing in the way.
import { describe, expect } from 'vitest'
import { Publisher } from './harness/publisher.js'
import { one, test } from './harness/test.js'
import { until } from './harness/until.js'

const s = { sessionId: 's' }

describe('useSSE', () => {
  test('connects, and gets each event once and in order', async ({ start }) => {
    const { server, open } = await start()
    const tab = await open()
    await tab.is('open')
    const publisher = new Publisher(server, s)
    await publisher.send(20)
    await tab.hasExactly(publisher.ids)
    expect(tab.events().map(({ data }) => data)).toEqual(publisher.ids.map((_, n) => ({ n })))
    expect(tab.of('open')).toHaveLength(1)
    expect([tab.of('gap'), tab.of('error'), tab.of('close')]).toEqual([[], [], []])
  })

  test('calls onEvent 50 times for 50 events in one piece', async ({ start }) => {
    const { server, open } = await start()
    const tab = await open()
    await tab.is('open')
    const publisher = new Publisher(server, s)
    await publisher.sendBatch(50)
    await tab.hasExactly(publisher.ids)
  })

  test('gets an event once though it is sent again under its id', async ({ start }) => {
    const { server, open } = await start()
    const tab = await open()
    await tab.is('open')
    for (const id of ['order-7', 'order-8', 'order-7', 'order-9']) {
      await server.publish({ event: 'order', data: { id }, id, ...s })
    }
    await tab.hasExactly(['order-7', 'order-8', 'order-9'])
  })

  test('opens one stream though StrictMode mounts twice', async ({ start }) => {
    const { server, open } = await start()
    const tab = await open()
    await tab.is('open')
    const publisher = new Publisher(server, s)
    await publisher.send()
    await tab.hasExactly(publisher.ids)
    expect(await server.metrics()).toMatchObject({ activeConnections: 1, totalConnections: 1 })
  })

  test('shares one stream between components with the same options', async ({ start }) => {
    const { server, open } = await start()
    const tab = await open({ first: s, second: s, other: { sessionId: 't' } })
    for (const name of ['first', 'second', 'other']) await tab.is('open', name)
    const publisher = new Publisher(server, s)
    await publisher.send(3)
    await tab.hasExactly(publisher.ids, 'first')
    await tab.hasExactly(publisher.ids, 'second')
    expect(tab.events('other')).toEqual([])
    expect(await server.metrics()).toMatchObject({ activeConnections: 2, totalConnections: 2 })

    await tab.call('hide', 'first')
    await publisher.send(3)
    await tab.hasExactly(publisher.ids, 'second')
    expect(tab.events('first')).toHaveLength(3)
    expect(await server.metrics()).toMatchObject({ activeConnections: 2, totalConnections: 2 })
  })

  test('ends the stream at the server when it is unmounted, and resumes when it is mounted again', async ({ start }) => {
    const { server, open } = await start()
    const tab = await open()
    await tab.is('open')
    const publisher = new Publisher(server, s)
    await publisher.send(2)
    await tab.hasExactly(publisher.ids)
    await tab.call('hide', 'main')
    await server.streams(0)
    await publisher.send(2)
    await tab.call('show', 'main')
    await publisher.send(2)
    await tab.hasExactly(publisher.ids)
  })

  test('disconnects and connects when it is told to', async ({ start }) => {
    const { server, open } = await start()
    const tab = await open({ main: { ...s, enabled: false } })
    await tab.is('idle')
    expect(await server.metrics()).toMatchObject({ totalConnections: 0 })
    await tab.call('connect', 'main')
    await tab.is('open')
    const publisher = new Publisher(server, s)
    await publisher.send(2)
    await tab.hasExactly(publisher.ids)
    await tab.call('disconnect', 'main')
    await tab.is('closed')
    await server.streams(0)
    await publisher.send(2)
    await tab.call('connect', 'main')
    await publisher.send(2)
    await tab.hasExactly(publisher.ids)
  })

  test('renders nothing anew for heartbeats, and only for what was read', async ({ start }) => {
    const { server, open } = await start({ 'heartbeat-interval': '100ms' })
    const tab = await open({ main: s, brief: { ...s, reads: ['status'] } })
    await tab.is('open')
    await tab.is('open', 'brief')
    const [main, brief] = [await tab.call('renders', 'main'), await tab.call('renders', 'brief')]
    const beats = async (): Promise<number> => (await server.metrics()).heartbeats
    const before = await beats()
    await until('ten heartbeats', async () => await beats() >= before + 10)
    // An event behind them: by now the page has had them.
    const publisher = new Publisher(server, s)
    await publisher.send()
    await tab.hasExactly(publisher.ids)
    await until('the event is rendered', async () => await tab.call('renders', 'main') > main)
    // StrictMode renders each time twice.
    expect(await tab.call('renders', 'main')).toBe(main + 2)
    expect(await tab.call('renders', 'brief')).toBe(brief)
  })

  test('sends events with the token that the stream has', async ({ start }) => {
    const { server, site, open } = await start()
    site.routes['/token'] = () => server.key
    const tab = await open({ main: { ...s, tokenFrom: '/token' } })
    await tab.is('open')
    const answer = await tab.call('send', 'main', 'greeting', { from: 'the page' }, s)
    expect(answer).toMatchObject({ success: true, eventsSent: 1 })
    await tab.has('event')
    expect(tab.events()).toMatchObject([{ type: 'greeting', data: { from: 'the page' } }])
  })

  test('says why an event was not sent', async ({ start }) => {
    const { open } = await start()
    const tab = await open()
    await tab.is('open')
    await expect(tab.call('send', 'main', 'greeting', {})).rejects.toThrow() // a visitor may not
  })

  test('subscribes to topics', async ({ start }) => {
    const { server, open } = await start()
    const tab = await open({ main: { ...s, topics: ['news', 'orders'] } })
    await tab.is('open')
    const publisher = new Publisher(server, { topics: ['orders'] })
    await publisher.send(2)
    await tab.hasExactly(publisher.ids)
    expect(await server.clients()).toMatchObject([{ sessionId: 's', topics: ['news', 'orders'] }])
  })
})

describe('createSSEClient', () => {
  test('does the same without React', async ({ start }) => {
    const { server, site, open } = await start()
    const tab = await open(one, { page: 'plain' })
    await tab.is('open')
    const publisher = new Publisher(server, s)
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    site.cut()
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    await tab.call('disconnect', 'main')
    await server.streams(0)
  })
})
