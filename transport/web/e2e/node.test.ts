// `sseactor/server` in the Nodes that people have.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect } from 'vitest'
import { test } from './harness/test.js'

const run = promisify(execFile)
const script = join(import.meta.dirname, 'node/send.mjs')
const newer = ['24', '26']

describe('a job', () => {
  test(`in this Node, ${process.version}`, async ({ start }) => {
    const { server, open } = await start()
    const tab = await open()
    await tab.is('open')
    await sends(process.execPath, [], server)
    await tab.has('event')
    expect(tab.events()).toMatchObject([{ type: 'notification', data: { message: 'from a job', type: 'success' } }])
  })

  for (const version of newer) {
    test(`in Node ${version}`, { timeout: 60_000 }, async ({ start, skip }) => {
      // npm's package node is the program.
      const node = ['-y', '-p', `node@${version}`, 'node']
      try {
        await run('npx', [...node, '--version'])
      } catch (error) {
        if (process.env.REQUIRE_ALL === '1') throw error
        skip(`npx can't get it: ${String(error)}`)
      }
      const { server } = await start()
      const sent = await sends('npx', node, server)
      expect(sent.version.split('.')[0]).toBe(version)
    })
  }
})

async function sends (program: string, args: string[], { url, key }: { url: string, key: string }): Promise<{ version: string, id: string }> {
  const { stdout } = await run(program, [...args, script, url, key])
  const sent = JSON.parse(stdout) as { success: boolean, version: string, id: string }
  expect(sent).toMatchObject({ success: true, id: expect.any(String) as string })
  return sent
}
