// shareAcrossTabs: one stream for all tabs of an origin, whatever becomes of the
// tab that has it.
import { describe, expect } from 'vitest'
import { hang } from './harness/hang.js'
import { Publisher } from './harness/publisher.js'
import type { Wishes } from './harness/said.js'
import { test, type Stage } from './harness/test.js'
import type { Tab } from './harness/tab.js'
import { until } from './harness/until.js'

const s = { sessionId: 's' }
// A leader that says nothing for 2.5 of these is taken for hung.
const beating = { 'heartbeat-interval': '2s' }
const shared = { main: { ...s, shareAcrossTabs: true, heartbeatInterval: 2_000 } }

describe('tabs that share', () => {
  test('have one stream, eight of them, and hand it over when the leader closes', async ({ start }) => {
    const stage = await start(beating)
    const { server } = stage
    const tabs = await openTabs(stage, 8)
    expect(await server.metrics()).toMatchObject({ activeConnections: 1, totalConnections: 1 })
    const publisher = new Publisher(server, s)
    await publisher.send(3)
    for (const tab of tabs) await tab.hasExactly(publisher.ids)

    await loseTheirLeader(tabs, publisher, async (leader) => { await leader.page.close() })
    await server.streams(1)
    expect(await server.metrics()).toMatchObject({ totalConnections: 2 })
  })

  test('hand it over when the leader crashes', async ({ start }) => {
    const stage = await start(beating)
    const tabs = await openTabs(stage, 3)
    await loseTheirLeader(tabs, new Publisher(stage.server, s), async (leader) => { await leader.crash() })
    await stage.server.streams(1)
  })

  test('hand it over when the leader is frozen, and it catches up when it is not', async ({ start }) => {
    const stage = await start(beating)
    const tabs = await openTabs(stage, 3)
    const publisher = new Publisher(stage.server, s)
    const leader = await loseTheirLeader(tabs, publisher, async (leader) => { await leader.freeze() })
    await leader.thaw()
    await publisher.send(3)
    for (const tab of tabs) await tab.hasExactly(publisher.ids)
    await stage.server.streams(1)
  })

  test('take it over when the leader hangs, and it catches up when it does not', async ({ start }) => {
    const stage = await start({ 'heartbeat-interval': '400ms' })
    const tabs = await openTabs(stage, 3, { main: { ...shared.main, heartbeatInterval: 400 } })
    const publisher = new Publisher(stage.server, s)
    let release = () => {}
    await loseTheirLeader(tabs, publisher, async (leader) => { release = await hang(leader, stage.site) })
    release()
    await publisher.send(3)
    for (const tab of tabs) await tab.hasExactly(publisher.ids)
    await stage.server.streams(1)
  })

  test('miss nothing when one is loaded again, be it the leader', async ({ start }) => {
    const stage = await start(beating)
    const tabs = await openTabs(stage, 3)
    const publisher = new Publisher(stage.server, s)
    const flow = publisher.flow()
    const { leader, others } = roles(tabs)
    for (const tab of [...others, leader]) {
      const seen = tab.events().length
      await tab.has('event', seen + 5)
      await tab.page.reload()
      await tab.has('event', seen + 15)
    }
    await flow.stop()
    for (const tab of tabs) await tab.hasExactly(publisher.ids)
    await stage.server.streams(1)
  })

  test('hand it over when the leader goes to another page, and miss nothing when it comes back', async ({ start }) => {
    const stage = await start(beating)
    const tabs = await openTabs(stage, 3)
    const { leader, others } = roles(tabs)
    const publisher = new Publisher(stage.server, s)
    const flow = publisher.flow()
    await leader.has('event', 10)
    await leader.page.goto(`${stage.site.url}/empty`)
    await handedOver(others)
    await leader.page.goBack({ waitUntil: 'commit' })
    const seen = leader.events().length
    await leader.has('event', seen + 10)
    await flow.stop()
    for (const tab of tabs) await tab.hasExactly(publisher.ids)
    await stage.server.streams(1)
  })

  test('miss nothing when one that follows is frozen, again and again', async ({ start }) => {
    const stage = await start(beating)
    const tabs = await openTabs(stage, 2)
    const { leader, others: [follower] } = roles(tabs)
    if (follower === undefined) throw new Error('nobody follows')
    const publisher = new Publisher(stage.server, s)
    await slowLocks(follower)
    const flow = publisher.flow()
    await follower.has('event', 5)
    for (let times = 0; times < 3; times++) {
      await follower.freeze()
      const seen = leader.events().length
      await leader.has('event', seen + 5)
      await follower.thaw()
      await follower.has('event', follower.events().length + 5)
    }
    await flow.stop()
    for (const tab of tabs) await tab.hasExactly(publisher.ids)
    expect(await stage.server.metrics()).toMatchObject({ totalConnections: 1 })
  })

  test('resume as one when the server is killed', async ({ start, directory }) => {
    const stage = await start({ ...beating, 'data-dir': directory })
    const { server } = stage
    const tabs = await openTabs(stage, 3)
    const publisher = new Publisher(server, s, { persistent: true })
    await publisher.send(3)
    for (const tab of tabs) await tab.hasExactly(publisher.ids)
    await publisher.send(3)
    await server.kill()
    await server.start()
    await publisher.send(3)
    for (const tab of tabs) {
      await tab.hasExactly(publisher.ids)
      expect(tab.of('gap')).toMatchObject([{ reason: 'partial' }])
    }
    expect(await server.metrics()).toMatchObject({ totalConnections: 1 }) // since its start
  })

  test('go on when one disconnects', async ({ start }) => {
    const stage = await start(beating)
    const { server } = stage
    const tabs = await openTabs(stage, 3)
    const publisher = new Publisher(server, s)
    await publisher.send(3)
    for (const tab of tabs) await tab.hasExactly(publisher.ids)
    const { leader, others } = roles(tabs)
    await leader.call('disconnect', 'main')
    await leader.is('closed')
    await handedOver(others)
    await publisher.send(3)
    for (const tab of others) await tab.hasExactly(publisher.ids)
    expect(leader.events()).toHaveLength(3)
    for (const tab of others) await tab.call('disconnect', 'main')
    await server.streams(0)
  })

  test('all learn that they are kept out', async ({ start }) => {
    const stage = await start(beating)
    const tabs = await openTabs(stage, 3)
    await stage.server.disconnect({ ...s, block: '1m' })
    for (const tab of tabs) await tab.is('closed')
    expect(await stage.server.metrics()).toMatchObject({ totalConnections: 1 })
  })

  test('send from any of them', async ({ start }) => {
    const stage = await start(beating)
    stage.site.routes['/token'] = () => stage.server.key
    const tabs = await openTabs(stage, 2, { main: { ...shared.main, tokenFrom: '/token' } })
    for (const [i, tab] of tabs.entries()) {
      expect(await tab.call('send', 'main', 'greeting', { i }, s)).toMatchObject({ eventsSent: 1 })
    }
    for (const tab of tabs) {
      await tab.has('event', 2)
      expect(tab.events().map(({ data }) => data)).toEqual([{ i: 0 }, { i: 1 }])
    }
  })

  test('share only with those of the same session', async ({ start }) => {
    const { server, open } = await start(beating)
    const tabs = [await open(shared), await open({ main: { ...shared.main, sessionId: 't' } })]
    for (const tab of tabs) await tab.is('open')
    expect(await server.metrics()).toMatchObject({ activeConnections: 2 })
    const publisher = new Publisher(server, { sessionId: 't' })
    await publisher.send(3)
    await tabs[1]?.hasExactly(publisher.ids)
    expect(tabs[0]?.events()).toEqual([])
  })
})

async function openTabs ({ open }: Stage, count: number, wishes: Wishes = shared): Promise<Tab[]> {
  const tabs: Tab[] = []
  for (let i = 0; i < count; i++) tabs.push(await open(wishes))
  for (const tab of tabs) await tab.is('open')
  return tabs
}

/** The leader is who asked for the stream. */
function roles (tabs: Tab[]): { leader: Tab, others: Tab[] } {
  const [leader, ...more] = tabs.filter(({ asked }) => asked > 0)
  if (leader === undefined || more.length > 0) throw new Error(`${more.length + 1} tabs have asked for a stream`)
  return { leader, others: tabs.filter((tab) => tab !== leader) }
}

/** Waits until one of them asked for the stream, and brings events by it. */
async function handedOver (tabs: Tab[]): Promise<void> {
  await until('another tab asks for the stream', () => tabs.some(({ asked }) => asked > 0))
  for (const tab of tabs) await tab.is('open')
}

/** Something happens to the leader while events are sent: another one leads, and the others have all of them. */
async function loseTheirLeader (tabs: Tab[], publisher: Publisher, how: (leader: Tab) => Promise<void>): Promise<Tab> {
  const { leader, others } = roles(tabs)
  const flow = publisher.flow()
  await others[0]?.has('event', 10)
  await how(leader)
  await handedOver(others)
  await flow.stop()
  for (const tab of others) await tab.hasExactly(publisher.ids)
  return leader
}

/** Makes the browser of that page slow to say who has a lock: events come before its answer. */
async function slowLocks ({ page }: Tab): Promise<void> {
  await page.evaluate(() => {
    const request = navigator.locks.request.bind(navigator.locks) as (...args: unknown[]) => Promise<unknown>
    Object.assign(navigator.locks, {
      request: async (...args: unknown[]) => {
        await new Promise((resolve) => setTimeout(resolve, 200))
        return await request(...args)
      }
    })
  })
}
