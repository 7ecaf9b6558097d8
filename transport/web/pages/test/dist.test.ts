// @vitest-environment node
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env, execPath } from 'node:process'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dist, root } from '../config.js'

// Go embeds what is committed. It must be what the sources give, or a change of theirs
// would never reach anybody.
describe('the committed build', () => {
  const fresh = mkdtempSync(join(tmpdir(), 'sseactor-pages-'))
  afterAll(() => rmSync(fresh, { recursive: true }))

  beforeAll(() => {
    // In a process of its own: Vite builds for tests where NODE_ENV says so.
    const { NODE_ENV: _, VITEST: __, ...rest } = env
    execFileSync(execPath, ['build.js', fresh], { cwd: root, env: rest, stdio: 'inherit' })
  }, 120_000)

  it('has the files that the sources give, and no other', () => {
    expect(readdirSync(dist).sort()).toEqual(readdirSync(fresh).sort())
  })

  it('is what the sources give, byte for byte', () => {
    const differing = readdirSync(fresh).filter((name) => !readFileSync(join(fresh, name)).equals(readFileSync(join(dist, name))))
    expect(differing, 'run `npm run build -w pages` and commit dist').toEqual([])
  })

  it.each([['demo', 40], ['admin', 80]])('keeps %s.js below %i KB compressed', (page, most) => {
    expect(gzipSync(readFileSync(join(dist, `${page}.js`)), { level: 9 }).length).toBeLessThan(most * 1024)
  })

  it.each(['demo', 'admin'])('has nothing in %s.html that the policy forbids', (page) => {
    const html = readFileSync(join(dist, `${page}.html`), 'utf8')
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:/i)
    expect(html.match(/<script[^>]*>[^<]*<\/script>/g)).toEqual([
      `<script type="module" blocking="render" src="/assets/${page}.js"></script>`,
    ])
  })
})
