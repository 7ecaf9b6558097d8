// A real server and a browser, for the scripts that look at the pages: SSEACTOR_BIN or Go at hand.
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { chromium } from 'playwright-core'

const work = mkdtempSync(join(tmpdir(), 'sseactor-live-'))
export const key = randomBytes(24).toString('hex')
export const port = 20_000 + Math.floor(Math.random() * 10_000)
export const url = `http://127.0.0.1:${port}`
const children = []
const sockets = new Set()

export async function startServer (settings = {}) {
  let binary = process.env.SSEACTOR_BIN
  if (binary === undefined) {
    binary = join(work, 'sseactor')
    const { status } = spawnSync('go', ['build', '-o', binary, './cmd/sseactor'], { cwd: resolve(import.meta.dirname, '../../..'), stdio: 'inherit' })
    if (status !== 0) throw new Error('it does not build')
  }
  children.push(spawn(binary, [], {
    stdio: 'inherit',
    env: {
      // What a developer has set for a server of their own is not for this one.
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SSEACTOR_'))),
      SSEACTOR_MODE: 'development', SSEACTOR_ADDR: `127.0.0.1:${port}`, SSEACTOR_DATA_DIR: join(work, 'data'),
      SSEACTOR_API_KEYS: `app:${key}:publish+metrics+admin`, SSEACTOR_LOG_LEVEL: 'error', SSEACTOR_PUBLIC_TOPICS: '*',
      ...settings
    }
  }))
  for (let i = 0; i < 500; i++) {
    if (await fetch(`${url}/readyz`).then((answer) => answer.ok, () => false)) return
    await pause(20)
  }
  throw new Error('the server is not ready')
}

export async function startBrowser () {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    chromiumSandbox: false,
    args: ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
  })
  children.push({ kill: () => browser.close() })
  return browser
}

/** Opens a stream, and reads it unless it is slow. The socket takes itself out of `sockets` when it closes. */
export function openStream (query, header = [], slow = false) {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  socket.write([`GET /api/sse?${query} HTTP/1.1`, `Host: 127.0.0.1:${port}`, `Authorization: Bearer ${key}`, 'Accept: text/event-stream', ...header, '', ''].join('\r\n'))
  if (slow) socket.pause()
  else socket.resume()
  sockets.add(socket)
  return socket
}

export { sockets }

/** Ends all that was started. */
export async function end () {
  for (const socket of sockets) socket.destroy()
  for (const child of children.reverse()) await child.kill('SIGKILL')
  rmSync(work, { recursive: true, force: true })
}
