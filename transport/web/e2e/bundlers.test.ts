// The package as people's bundlers take it, in a browser.
import { join } from 'node:path'
import { describe, inject } from 'vitest'
import { bundlers } from './bundlers/bundlers.js'
import { Publisher } from './harness/publisher.js'
import { one, test } from './harness/test.js'

const page = join(import.meta.dirname, 'bundlers/page.js')

describe('a page', () => {
  for (const [name, bundle] of Object.entries(bundlers)) {
    test(`bundled by ${name} gets its events`, async ({ start }) => {
      const { server, open } = await start()
      await bundle(page, inject('pages'), `by-${name}`)
      const tab = await open(one, { page: `by-${name}` })
      await tab.is('open', 'hook')
      await tab.is('open', 'client')
      const publisher = new Publisher(server, { sessionId: 's' })
      await publisher.send(3)
      await tab.hasExactly(publisher.ids, 'hook')
      await tab.hasExactly(publisher.ids, 'client')
    })
  }
})
