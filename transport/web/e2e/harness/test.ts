import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContext } from 'playwright-core'
import { inject, test as base, type TestContext } from 'vitest'
import { Chromium, connect } from './chromium.js'
import type { Wishes } from './said.js'
import { Server, type Settings } from './server.js'
import { Site } from './site.js'
import { address, Tab } from './tab.js'

/** A server, a site before it, and what opens a tab there (by default in the window that all tests share). */
export interface Stage {
  server: Server
  site: Site
  open: (wishes?: Wishes, how?: { page?: string, window?: BrowserContext }) => Promise<Tab>
}

interface Fixtures {
  /** The browser's window. */
  window: BrowserContext
  /** A browser of the test's own, that can be stopped as a whole. */
  laptop: { chromium: Chromium, window: BrowserContext }
  /** A new empty directory. */
  directory: string
  /** Sets a stage, with settings that may depend on the site's origin. */
  start: (settings?: Settings | ((origin: string) => Settings)) => Promise<Stage>
}

/** One component that reads the session s. */
export const one: Wishes = { main: { sessionId: 's' } }

let connected: ReturnType<typeof connect> | undefined // by this file, for all of its tests

/** Vitest's test, with a browser, and with servers that end when the test does. */
export const test = base.extend<Fixtures>({
  window: async ({ skip }: TestContext, use) => {
    needs(skip)
    connected ??= connect(inject('browser'))
    const { window } = await connected
    await use(window)
    // What tabs have stored needs no cleaning: each site is an origin of its own.
    await window.clearCookies()
    await window.setOffline(false)
  },

  laptop: async ({ skip }: TestContext, use) => {
    needs(skip)
    const chromium = await Chromium.start(inject('chromium'))
    await use({ chromium, window: (await connect(chromium.endpoint)).window })
    await chromium.close()
  },

  directory: async ({ task: _ }, use) => {
    const directory = mkdtempSync(join(tmpdir(), 'sseactor-data-'))
    await use(directory)
    rmSync(directory, { recursive: true })
  },

  start: async ({ window, onTestFailed }, use) => {
    const stages: Stage[] = []
    const tabs: Tab[] = []
    onTestFailed(() => {
      for (const { server } of stages) if (server.log !== '') console.error(`the server said:\n${server.log}`)
    })
    await use(async (settings = {}) => {
      const site = await Site.start(inject('pages'))
      const server = await Server.start(inject('server'), typeof settings === 'function' ? settings(site.url) : settings)
      site.upstream = server.url
      const stage: Stage = {
        server,
        site,
        open: async (wishes = one, how = {}) => {
          const tab = await Tab.open(how.window ?? window, address(site.url, how.page ?? 'app', wishes))
          tabs.push(tab)
          return tab
        }
      }
      stages.push(stage)
      return stage
    })
    const uncaught = tabs.flatMap((tab) => tab.uncaught)
    for (const tab of tabs) await tab.page.close()
    for (const { server, site } of stages) {
      await server.kill()
      await site.close()
    }
    if (uncaught.length > 0) throw new AggregateError(uncaught, 'a page has thrown what nobody caught')
  }
})

function needs (skip: TestContext['skip']): void {
  const missing = inject('missing')
  if (missing !== '') skip(missing)
}
