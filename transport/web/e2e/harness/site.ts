import { createReadStream } from 'node:fs'
import { createServer, request, type IncomingMessage, type Server as HTTPServer, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { basename, join } from 'node:path'
import { freePort } from './port.js'

/** A request for a stream, as it came. */
export interface Asked {
  query: URLSearchParams
  lastEventId: string | undefined
  authorization: string | undefined
  /** How many came for this session before it. */
  earlier: number
}

/** What the site answers itself, instead of the server; undefined: the server does. */
export interface Reply { status: number, headers?: Record<string, string>, body?: string }

interface Piped { browser: Socket, upstream: IncomingMessage | undefined, response: ServerResponse }

/**
 * A web app as the browser sees it: pages, and on the same origin /api/sse, which
 * is passed on to sseactor piece by piece. What happens on the way to people
 * happens here: connections that are cut or go silent, and other answers.
 */
export class Site {
  /** All requests for streams. */
  readonly asked: Asked[] = []
  /** Answers the app's own paths: { '/token': () => 'a token' }. */
  readonly routes: Record<string, (query: URLSearchParams) => string | Promise<string>> = {}
  intercept: (asked: Asked) => Reply | undefined = () => undefined
  /** The server's URL. */
  upstream = ''

  readonly #server: HTTPServer
  readonly #piped = new Set<Piped>()

  private constructor (readonly port: number, readonly pages: string) {
    this.#server = createServer((request, response) => { this.#answer(request, response) })
  }

  static async start (pages: string): Promise<Site> {
    const site = new Site(await freePort(), pages)
    site.#server.listen(site.port, '127.0.0.1')
    await once(site.#server, 'listening')
    return site
  }

  get url (): string { return `http://127.0.0.1:${this.port}` }

  async close (): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  askedFor (sessionId: string): Asked[] {
    return this.asked.filter(({ query }) => query.get('sessionId') === sessionId)
  }

  /** Breaks every stream, as a network does that goes away. */
  cut (): void {
    for (const { browser } of this.#piped) browser.resetAndDestroy()
  }

  /**
   * Nothing passes any more on the streams that are open, and nobody is told: what
   * a page sees whose network has changed, or whose proxy has forgotten it.
   */
  silence (): void {
    for (const { upstream, response } of this.#piped) {
      upstream?.unpipe(response)
      upstream?.resume()
    }
  }

  #answer (request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url)
    const route = this.routes[pathname]
    if (pathname === '/api/sse' && request.method === 'GET') {
      this.#stream(request, response, searchParams)
    } else if (pathname.startsWith('/api/')) {
      this.#pass(request, response)
    } else if (route !== undefined) {
      void Promise.resolve(route(searchParams)).then((answer) => response.end(answer))
    } else if (pathname.endsWith('.js')) {
      response.setHeader('Content-Type', 'text/javascript')
      createReadStream(join(this.pages, basename(pathname)))
        .on('error', () => response.writeHead(404).end()).pipe(response)
    } else {
      response.setHeader('Content-Type', 'text/html; charset=utf-8')
      response.end(page(pathname))
    }
  }

  #stream (request: IncomingMessage, response: ServerResponse, query: URLSearchParams): void {
    const { authorization, 'last-event-id': lastEventId } = request.headers
    const asked: Asked = {
      query,
      authorization,
      lastEventId: lastEventId as string | undefined,
      earlier: this.askedFor(query.get('sessionId') ?? '').length
    }
    this.asked.push(asked)
    const reply = this.intercept(asked)
    if (reply === undefined) this.#pass(request, response)
    else response.writeHead(reply.status, reply.headers).end(reply.body)
  }

  #pass (incoming: IncomingMessage, response: ServerResponse): void {
    const piped: Piped = { browser: incoming.socket, upstream: undefined, response }
    this.#piped.add(piped)
    const outgoing = request(this.upstream + (incoming.url ?? ''), {
      method: incoming.method,
      headers: incoming.headers, // with its Host: to the server this is its origin
      agent: false
    }, (answer) => {
      piped.upstream = answer
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      response.flushHeaders()
      answer.pipe(response)
      // A server that dies: the browser is to see that the stream was cut.
      answer.on('error', () => { incoming.socket.destroy() })
    })
    outgoing.on('error', () => {
      if (response.headersSent) incoming.socket.destroy()
      else response.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>502 Bad Gateway</h1>') // as proxies do
    })
    response.on('close', () => {
      this.#piped.delete(piped)
      outgoing.destroy()
    })
    incoming.pipe(outgoing)
  }
}

function page (path: string): string {
  if (path === '/empty') return '<!doctype html><title>another page</title>'
  return `<!doctype html><title>test</title><link rel="icon" href="data:,"><div id="root"></div><script type="module" src="${path}.js"></script>`
}
