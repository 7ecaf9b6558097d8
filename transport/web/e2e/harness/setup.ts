// What all tests share: the server's binary, the package and the pages built
// once, and one browser.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { TestProject } from 'vitest/node'
import { bundle } from './bundle.js'
import { Chromium } from './chromium.js'
import { program, run } from './programs.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** What this machine lacks, so that no test can run; else empty. */
    missing: string
    server: string
    chromium: string
    /** Where the browser that all tests share can be driven. */
    browser: string
    /** The directory of the bundled pages. */
    pages: string
  }
}

const e2e = resolve(import.meta.dirname, '..')
const repository = resolve(e2e, '../../..')

export default async function setup (project: TestProject): Promise<(() => Promise<void>) | undefined> {
  // First of all: the types of the tests are those of what it makes.
  run('npm', ['run', 'build', '-w', 'client'], resolve(e2e, '..'))
  const chromium = program('CHROMIUM', 'chromium')
  const go = program('GO', 'go')
  const built = process.env.SSEACTOR_BIN
  const missing = [
    chromium === undefined && 'chromium is not here (install it, or set CHROMIUM)',
    go === undefined && built === undefined && 'go is not here (install it, or set GO, or SSEACTOR_BIN)'
  ].filter(Boolean).join('; ')
  project.provide('missing', missing)
  if (chromium === undefined || missing !== '') {
    // A check that nobody runs proves nothing.
    if (process.env.REQUIRE_ALL === '1') throw new Error(`missing, and REQUIRE_ALL=1: ${missing}`)
    console.warn(`end-to-end tests are skipped: ${missing}`)
    return
  }

  const directory = mkdtempSync(join(tmpdir(), 'sseactor-e2e-'))
  const server = built ?? join(directory, 'sseactor')
  if (built === undefined && go !== undefined) run(go, ['build', '-o', server, './cmd/sseactor'], repository)
  const pages = join(directory, 'pages')
  await bundle(join(e2e, 'pages'), pages)
  const browser = await Chromium.start(chromium)

  project.provide('server', server)
  project.provide('chromium', chromium)
  project.provide('browser', browser.endpoint)
  project.provide('pages', pages)
  return async () => {
    await browser.close()
    rmSync(directory, { recursive: true, force: true })
  }
}
