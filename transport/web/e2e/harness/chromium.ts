import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContext } from 'playwright-core'
import { until } from './until.js'

// A sandbox needs rights that root in a container lacks. The others keep
// Chromium from talking to anybody but the servers under test.
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync']

/**
 * Debian's Chromium, headless, as people have it. Playwright would start one that
 * never freezes or slows a tab in the background, and has no back/forward cache.
 */
export class Chromium {
  private constructor (readonly endpoint: string, readonly process: ChildProcess, readonly profile: string) {}

  static async start (path: string): Promise<Chromium> {
    const profile = mkdtempSync(join(tmpdir(), 'sseactor-chromium-'))
    const child = spawn(path, [...flags, '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'],
      // A process group of its own: signals reach its renderers too.
      { detached: true, stdio: 'ignore' })
    const endpoint = await until('Chromium says where it listens', () => {
      if (child.exitCode !== null) throw new Error(`${path} ended with ${child.exitCode}`)
      const [port, address] = readFileSync(join(profile, 'DevToolsActivePort'), 'utf8').split('\n')
      return address !== undefined && `ws://127.0.0.1:${port}${address.trim()}`
    })
    return new Chromium(endpoint, child, profile)
  }

  /** Sends a signal to all of its processes. */
  signal (name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    if (this.process.pid === undefined || this.process.exitCode !== null) return
    process.kill(-this.process.pid, name)
  }

  async close (): Promise<void> {
    const exit = once(this.process, 'exit')
    this.signal('SIGKILL')
    await exit
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 10 })
  }
}

/** The browser's own window. In it only the tab in front is visible, as for people. */
export async function connect (endpoint: string): Promise<{ browser: Browser, window: BrowserContext }> {
  const browser = await chromium.connectOverCDP(endpoint, { noDefaults: true })
  const window = browser.contexts()[0]
  if (window === undefined) throw new Error('Chromium has no window')
  return { browser, window }
}
