// The harness itself, with the browser's own EventSource.
import { describe, expect } from 'vitest'
import { Publisher } from './harness/publisher.js'
import { one, test } from './harness/test.js'

describe('EventSource', () => {
  test('gets each event once', async ({ start }) => {
    const { server, open } = await start()
    const tab = await open(one, { page: 'native' })
    await tab.is('open')
    const publisher = new Publisher(server, { sessionId: 's' })
    await publisher.send(10)
    await publisher.sendBatch(40)
    await tab.hasExactly(publisher.ids)
  })

  test('resumes after the stream is cut', async ({ start }) => {
    const { server, site, open } = await start()
    const tab = await open(one, { page: 'native' })
    await tab.is('open')
    const publisher = new Publisher(server, { sessionId: 's' })
    await publisher.send(5)
    await tab.hasExactly(publisher.ids)
    site.cut()
    await publisher.send(5)
    await tab.hasExactly(publisher.ids)
    expect(site.asked.map(({ lastEventId }) => lastEventId)).toEqual([undefined, publisher.ids[4]])
  })

  test('gives up on a 502', async ({ start }) => {
    const { server, open } = await start()
    const tab = await open(one, { page: 'native' })
    await tab.is('open')
    await server.kill()
    await tab.is('closed')
  })
})
