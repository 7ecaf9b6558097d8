import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { freePort } from './port.js'
import { until } from './until.js'

/** Settings as the README names them: { 'heartbeat-interval': '200ms' }. */
export type Settings = Record<string, string>

export interface Target { userId?: string, sessionId?: string, topics?: string[], clientIds?: string[] }
export interface Outgoing extends Target { event?: string, data: unknown, id?: string, persistent?: boolean, priority?: string }
export interface Answer { success: boolean, eventsSent: number, persisted?: boolean, event: { id: string } }
export interface Client { id: string, userId?: string, sessionId?: string, topics?: string[], queued: number, dropped: number }
export interface Metrics { activeConnections: number, totalConnections: number, heartbeats: number }

const fast: Settings = {
  mode: 'development',
  retry: '100ms',
  'shutdown-retry-spread': '0s',
  'shutdown-grace': '2s',
  'log-level': 'warn'
}

/** A running sseactor that can be ended and started again at the same address. */
export class Server {
  readonly key = randomBytes(24).toString('hex')
  readonly url: string
  log = ''
  #process: ChildProcess | undefined

  private constructor (readonly binary: string, readonly port: number, readonly settings: Settings) {
    this.url = `http://127.0.0.1:${port}`
  }

  static async start (binary: string, settings: Settings = {}): Promise<Server> {
    const server = new Server(binary, await freePort(), { ...fast, ...settings })
    await server.start()
    return server
  }

  /** Starts it, and returns when it is ready. */
  async start (): Promise<void> {
    const env: NodeJS.ProcessEnv = {}
    for (const [name, value] of Object.entries(process.env)) {
      // What a developer has set for a server of their own is not for this one.
      if (!name.startsWith('SSEACTOR_')) env[name] = value
    }
    for (const [name, value] of Object.entries(this.settings)) {
      env['SSEACTOR_' + name.toUpperCase().replaceAll('-', '_')] = value
    }
    env.SSEACTOR_ADDR = `127.0.0.1:${this.port}`
    env.SSEACTOR_API_KEYS = `test:${this.key}:publish+metrics+admin`
    const child = spawn(this.binary, [], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#process = child
    const note = (chunk: Buffer): void => { this.log = (this.log + chunk.toString()).slice(-20_000) }
    child.stdout.on('data', note)
    child.stderr.on('data', note)
    await until('the server is ready', async () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${this.log}`)
      return (await fetch(`${this.url}/readyz`)).ok
    })
  }

  /** Ends it with no chance to say good-bye. */
  async kill (): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Ends it as a deployment does: streams are told, and the history is kept where there is a data-dir. */
  async stop (): Promise<void> {
    await this.#end('SIGTERM')
  }

  async #end (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#process
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill(signal)
    await exit
  }

  async publish (event: Outgoing): Promise<Answer> {
    return await this.call('POST', '/api/sse', event)
  }

  async publishBatch (events: Outgoing[]): Promise<string[]> {
    const answer = await this.call<{ results: Array<{ event: { id: string } }> }>('POST', '/api/sse', events)
    return answer.results.map((result) => result.event.id)
  }

  async clients (query: Record<string, string> = {}): Promise<Client[]> {
    const answer = await this.call<{ clients: Client[] }>('GET', `/api/sse/admin/clients?${new URLSearchParams(query)}`)
    return answer.clients
  }

  /** Ends streams; with block they are kept out for that long. */
  async disconnect (query: Record<string, string>): Promise<number> {
    const answer = await this.call<{ disconnected: number }>('DELETE', `/api/sse/admin/clients?${new URLSearchParams(query)}`)
    return answer.disconnected
  }

  async metrics (): Promise<Metrics> {
    return await this.call('GET', '/api/sse/metrics')
  }

  async streams (count: number, query: Record<string, string> = {}): Promise<Client[]> {
    return await until(`${count} streams at the server`, async () => {
      const clients = await this.clients(query)
      return clients.length === count && clients
    })
  }

  async call<T> (method: string, path: string, body?: unknown): Promise<T> {
    // A connection for each: one that is kept may be closed by a server that ends
    // while the request is on its way, and nobody would know what became of it.
    const headers = { Authorization: `Bearer ${this.key}`, Connection: 'close' }
    const response = await fetch(this.url + path, {
      method, headers, ...(body !== undefined && { body: JSON.stringify(body) })
    }).catch((error: Error) => {
      const refused = (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED'
      throw refused ? new NotSent('nobody listens', { cause: error }) : error
    })
    const text = await response.text()
    if (response.status === 503) throw new NotSent(text)
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return JSON.parse(text) as T
  }
}

/** The server is not there, or takes nothing now. What was to be sent was not. */
export class NotSent extends Error {}
