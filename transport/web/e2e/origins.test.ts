// A page of one origin, and a server at another.
import { randomBytes } from 'node:crypto'
import { describe, expect } from 'vitest'
import { jwt } from './harness/jwt.js'
import { Publisher } from './harness/publisher.js'
import { test } from './harness/test.js'

const secret = randomBytes(32).toString('hex')
const users = { 'allow-visitors': 'false', 'jwt-secret': secret, 'jwt-cookie': 'token' }

describe('a page of another origin', () => {
  test('shows its cookie with withCredentials', async ({ start, window }) => {
    const { server, site, open } = await start((origin) => ({ ...users, 'allowed-origins': origin }))
    await window.addCookies([{ name: 'token', value: jwt(secret, 'ann', 60), url: server.url, httpOnly: true, sameSite: 'Lax' }])
    const url = `${server.url}/api/sse`
    const tab = await open({
      main: { url, userId: 'ann', withCredentials: true },
      without: { url, sessionId: 's' }
    })
    await tab.is('open')
    await tab.is('closed', 'without') // 401: it has shown nothing
    const publisher = new Publisher(server, { userId: 'ann' })
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    await server.disconnect({ userId: 'ann' })
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    expect(site.asked).toEqual([]) // all went straight to the server
  })

  test('shows a token in a header, and resumes by one', async ({ start }) => {
    const { server, site, open } = await start((origin) => ({ ...users, 'allowed-origins': origin }))
    site.routes['/token'] = () => jwt(secret, 'ann', 60)
    const tab = await open({ main: { url: `${server.url}/api/sse`, userId: 'ann', tokenFrom: '/token' } })
    await tab.is('open')
    const publisher = new Publisher(server, { userId: 'ann' })
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
    await server.disconnect({ userId: 'ann' })
    await publisher.send(3)
    await tab.hasExactly(publisher.ids)
  })

  test('is not let in unless it is on the list', async ({ start }) => {
    const { server, open } = await start()
    const tab = await open({ main: { url: `${server.url}/api/sse`, sessionId: 's' } })
    await tab.has('error')
    expect(await server.metrics()).toMatchObject({ totalConnections: 0 })
  })
})
