// Streams that are refused: what heals, heals; what does not is left alone.
import { randomBytes } from 'node:crypto'
import { describe, expect } from 'vitest'
import { jwt } from './harness/jwt.js'
import { Publisher } from './harness/publisher.js'
import type { Site } from './harness/site.js'
import { one, test } from './harness/test.js'
import type { Tab } from './harness/tab.js'

const s = { sessionId: 's' }
const secret = randomBytes(32).toString('hex')
const users = { 'allow-visitors': 'false', 'jwt-secret': secret, 'clock-tolerance': '0s' }
const signedIn = { main: { userId: 'ann', tokenFrom: '/token' } }

describe('a token', () => {
  test('that is refused is renewed once, and the stream goes on', async ({ start }) => {
    const { server, site, open } = await start(users)
    const asked: string[] = []
    site.routes['/token'] = (query) => {
      asked.push(query.get('refresh') ?? '')
      return jwt(secret, 'ann', query.get('refresh') === 'true' ? 60 : -60)
    }
    const tab = await open(signedIn)
    await tab.is('open')
    expect(asked).toEqual(['false', 'true'])
    const publisher = new Publisher(server, { userId: 'ann' })
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    expect(site.asked).toHaveLength(2)
  })

  test('that is refused again when it is new ends it', async ({ start }) => {
    const { site, open } = await start(users)
    site.routes['/token'] = () => jwt(secret, 'ann', -60)
    site.routes['/good'] = () => jwt(secret, 'ann', 60)
    const tab = await open({ ...signedIn, clock: { userId: 'ann', device: 'clock', tokenFrom: '/good' } })
    await tab.is('closed')
    expect(tab.of('error').at(-1)).toMatchObject({ status: 401 })
    expect(tab.of('error').at(-1)).not.toHaveProperty('retryIn')
    await staysAway(site, tab, 2)
  })

  test('that runs out is renewed, and nothing is lost', async ({ start }) => {
    const { server, site, open } = await start(users)
    site.routes['/token'] = (query) => jwt(secret, 'ann', query.get('refresh') === 'true' ? 60 : 2)
    const tab = await open(signedIn)
    await tab.is('open')
    const publisher = new Publisher(server, { userId: 'ann' })
    const flow = publisher.flow()
    await tab.opened(2)
    await flow.stop()
    await tab.hasExactly(publisher.ids)
    expect(tab.of('error').map(({ code }) => code)).toContain('SESSION_EXPIRED')
  })
})

describe('a stream is not asked for again', () => {
  const clock = { ...one, clock: { sessionId: 'clock', device: 'clock' } }

  test('by who is kept out (204)', async ({ start }) => {
    const { server, site, open } = await start()
    const tab = await open(clock)
    await tab.is('open')
    await server.disconnect({ ...s, block: '1m' })
    await tab.is('closed')
    await staysAway(site, tab, 2)
  })

  test('by who may not have it (403)', async ({ start }) => {
    const { site, open } = await start({ 'public-topics': 'news' })
    const tab = await open({ ...clock, main: { ...s, topics: ['secrets'] } })
    await tab.is('closed')
    expect(tab.of('error')).toMatchObject([{ status: 403 }])
    expect(tab.of('error')[0]).not.toHaveProperty('retryIn')
    await staysAway(site, tab, 1)
  })

  test('by who asks wrongly (400)', async ({ start }) => {
    const { site, open } = await start()
    const tab = await open({ ...clock, main: { sessionId: 's', topics: [' '.repeat(3)] } })
    await tab.is('closed')
    expect(tab.of('error')).toMatchObject([{ status: 400 }])
    await staysAway(site, tab, 1)
  })

  test('where a login page answers', async ({ start }) => {
    const { site, open } = await start()
    site.intercept = ({ query }) => query.get('sessionId') === 's'
      ? { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<!doctype html><title>Sign in</title>' }
      : undefined
    const tab = await open(clock)
    await tab.is('closed')
    expect(tab.of('error')).toHaveLength(1)
    await staysAway(site, tab, 1)
  })

  test('until somebody connects by hand', async ({ start }) => {
    const { server, site, open } = await start()
    site.intercept = ({ earlier }) => earlier === 0 ? { status: 404 } : undefined
    const tab = await open()
    await tab.is('closed')
    await tab.call('connect', 'main')
    await tab.is('open')
    const publisher = new Publisher(server, s)
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
  })
})

/**
 * The component main has asked so many times, and does not do so again while another
 * stream of the same page, the clock, is cut and comes back three times.
 */
async function staysAway (site: Site, tab: Tab, times: number): Promise<void> {
  await tab.is('open', 'clock')
  for (let cuts = 0; cuts < 3; cuts++) {
    const opened = tab.of('open', 'clock').length
    site.cut()
    await tab.opened(opened + 1, 'clock')
  }
  expect(site.asked.filter(({ query }) => query.get('device') !== 'clock')).toHaveLength(times)
  expect(tab.status()).toBe('closed')
}
