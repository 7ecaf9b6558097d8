import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { freePort } from '../harness/port.js'
import { until } from '../harness/until.js'

const web = resolve(import.meta.dirname, '../..')

/** The Next.js app of next-app, in a directory of its own, with the package as npm would publish it. */
export class NextApp {
  /** What it has written since it was started. */
  log = ''
  #process: ChildProcess | undefined

  private constructor (readonly directory: string, readonly port: number, readonly url: string) {}

  /** Copies, installs and builds it. */
  static async make (): Promise<NextApp> {
    const port = await freePort()
    const app = new NextApp(mkdtempSync(join(tmpdir(), 'sseactor-next-')), port, `http://localhost:${port}`)
    const built = new Set(['node_modules', '.next', 'next-env.d.ts'])
    cpSync(join(web, 'e2e/next-app'), app.directory, { recursive: true, filter: (path) => !built.has(path.split('/').at(-1) ?? '') })
    const packed = JSON.parse(await finish('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', app.directory], join(web, 'client'))) as Packed
    await finish('npm', ['ci', '--prefer-offline'], app.directory)
    await finish('npm', ['install', '--no-save', '--no-package-lock', '--offline', `./${tarball(packed)}`], app.directory)
    // The app knows the event server when it runs, and not when it is built.
    await finish('npm', ['run', 'build'], app.directory, environment)
    return app
  }

  /** Starts it, and returns when it answers. */
  async start (env: Record<string, string>): Promise<void> {
    const next = join(this.directory, 'node_modules/next/dist/bin/next')
    const child = spawn(process.execPath, [next, 'start', '--hostname', '127.0.0.1', '--port', String(this.port)], {
      cwd: this.directory, env: { ...clean(), ...environment, ...env }, stdio: ['ignore', 'pipe', 'pipe']
    })
    this.#process = child
    const note = (chunk: Buffer): void => { this.log = (this.log + chunk.toString()).slice(-50_000) }
    child.stdout.on('data', note)
    child.stderr.on('data', note)
    await until('the app is ready', async () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${this.log}`)
      return (await fetch(this.url)).ok
    })
  }

  /** Runs one of its jobs, and returns what it prints. */
  async job (name: string, args: string[], env: Record<string, string>): Promise<unknown> {
    return JSON.parse(await finish(process.execPath, [join('jobs', name), ...args], this.directory, env))
  }

  async close (): Promise<void> {
    const child = this.#process
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    }
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 10 })
  }
}

// Telemetry is for people's own apps. The other says that no proxy before it sets the host.
const environment = { NEXT_TELEMETRY_DISABLED: '1', AUTH_TRUST_HOST: 'true', AUTH_SECRET: 'a secret for the build alone, of 32 bytes' }

/** `npm pack --json` of npm up to 11, and of later ones. */
type Packed = Array<{ filename: string }> | Record<string, { filename: string }>

function tarball (packed: Packed): string {
  const [first] = Object.values(packed)
  if (first === undefined) throw new Error('npm pack made nothing')
  return first.filename
}

/** The environment without what a test run or a developer has in it for others. */
function clean (): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SSEACTOR_|AUTH_|NEXTAUTH_|NODE_ENV$|VITEST|npm_)/.test(name)))
}

/** Runs a program to its end, and returns what it printed. */
async function finish (program: string, args: string[], cwd: string, env: Record<string, string> = {}): Promise<string> {
  const child = spawn(program, args, { cwd, env: { ...clean(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString() })
  child.stderr.on('data', (chunk: Buffer) => { errors += chunk.toString() })
  const [code] = await once(child, 'close') as [number | null]
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${out}${errors}`)
  return out
}
