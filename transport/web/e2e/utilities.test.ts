// What `sseactor/server` sends arrives in useSSE, and looks as API says.
import { describe, expect } from 'vitest'
import { createSSEUtils, type SendResult, type SSEUtils } from 'sseactor/server'
import { test } from './harness/test.js'

const s = { sessionId: 's' }
const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string

const sends: Array<{ name: string, send: (utils: SSEUtils) => Promise<SendResult>, type: string, data: unknown }> = [
  {
    name: 'sendNotification',
    send: async (utils) => await utils.sendNotification('Saved', 'success', s),
    type: 'notification',
    data: { message: 'Saved', type: 'success', priority: 'normal', persistent: false, timestamp }
  },
  {
    name: 'sendAlert',
    send: async (utils) => await utils.sendAlert('Attention', 'The disk is full', s),
    type: 'alert',
    data: { title: 'Attention', message: 'The disk is full', priority: 'high', timestamp }
  },
  {
    name: 'sendUpdate',
    send: async (utils) => await utils.sendUpdate('orders', 'created', { id: 7 }, s),
    type: 'update',
    data: { resource: 'orders', action: 'created', data: { id: 7 }, timestamp }
  },
  {
    name: 'sendSystemMessage',
    send: async (utils) => await utils.sendSystemMessage('Back in five minutes', 'maintenance', s),
    type: 'system',
    data: { message: 'Back in five minutes', level: 'maintenance', timestamp }
  },
  {
    name: 'sendCustomEvent',
    send: async (utils) => await utils.sendCustomEvent('chat.line', ['ann', 'hello'], s),
    type: 'chat.line',
    data: ['ann', 'hello']
  },
  {
    name: 'broadcast',
    send: async (utils) => await utils.broadcast('tick', 'all of you'),
    type: 'tick',
    data: 'all of you'
  }
]

describe('a page hears', () => {
  test('each of the utilities, and nobody else what is not for them', async ({ start }) => {
    const { server, open } = await start()
    const tab = await open({ main: s, other: { sessionId: 'other' } })
    await tab.is('open')
    await tab.is('open', 'other')
    const utils = createSSEUtils({ url: server.url, apiKey: server.key, throwOnError: true })
    const ids: string[] = []
    for (const { name, send } of sends) {
      const { success, eventsSent, id = '' } = await send(utils)
      expect({ name, success, eventsSent }).toEqual({ name, success: true, eventsSent: name === 'broadcast' ? 2 : 1 })
      ids.push(id)
    }
    await tab.hasExactly(ids)
    expect(tab.events()).toMatchObject(sends.map(({ type, data }) => ({ type, data })))
    await tab.hasExactly(ids.slice(-1), 'other')
  })

  test('a batch in its order', async ({ start }) => {
    const { server, open } = await start()
    const tab = await open()
    await tab.is('open')
    const utils = createSSEUtils({ url: server.url, apiKey: server.key, throwOnError: true })
    const { success, results } = await utils.send(Array.from({ length: 30 }, (_, n) => ({ event: 'step', data: { n }, ...s })))
    expect(success).toBe(true)
    await tab.hasExactly(results.map(({ id = '' }) => id))
  })

  test('what was sent while nobody was there, if it is persistent', async ({ start, directory }) => {
    const { server, open } = await start({ 'data-dir': directory })
    const utils = createSSEUtils({ url: server.url, apiKey: server.key, throwOnError: true })
    const { eventsSent, persisted, id = '' } = await utils.sendNotification('Ready', 'info', { ...s, persistent: true })
    expect({ eventsSent, persisted }).toEqual({ eventsSent: 0, persisted: true })
    const tab = await open()
    await tab.hasExactly([id])
  })

  test('nothing of what was refused, and the sender is told why', async ({ start }) => {
    const { server } = await start()
    const told: string[] = []
    const utils = createSSEUtils({ url: server.url, apiKey: '0123456789abcdef-wrong', retries: 0, onError: ({ code }) => { told.push(code) } })
    const { success, error } = await utils.broadcast('tick', 1)
    expect(success).toBe(false)
    expect(error?.status).toBe(401)
    expect(told).toEqual([error?.code])
  })
})

describe('whoever asks is told', () => {
  test('how many streams there are, and ends them', async ({ start }) => {
    const { server, open } = await start()
    const tab = await open({ main: s, other: { sessionId: 'other' } })
    await tab.is('open')
    await tab.is('open', 'other')
    const utils = createSSEUtils({ url: server.url, apiKey: server.key })
    expect(await utils.getActiveClientCount()).toBe(2)
    expect(await utils.getMetrics()).toMatchObject({ activeConnections: 2, totalConnections: 2, eventsDispatched: 0, errors: 0 })
    expect(await utils.disconnect({ ...s, block: '1m' })).toBe(1)
    await tab.is('closed')
    expect(await utils.getActiveClientCount()).toBe(1)
  })
})
