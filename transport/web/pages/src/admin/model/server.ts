import { call } from '../../shared/api'
import type { Block, Client, ClientPage, SendAnswer, Target, Trace } from './wire'

const admin = '/api/sse/admin'

/** Whose streams are meant. */
export interface Whose {
  userId?: string
  sessionId?: string
  topic?: string
}

export interface ClientQuery extends Whose {
  search?: string
  slow?: boolean
  cursor?: number
  limit?: number
}

export interface OutgoingEvent extends Omit<Target, 'everybody'> {
  event?: string
  data: unknown
  priority?: string
  persistent?: boolean
  ttl?: number
}

export type Server = ReturnType<typeof createServer>

/** What the dashboard asks the server, with one key. */
export function createServer(key: string) {
  return {
    clients: (query: ClientQuery, signal?: AbortSignal) =>
      call<ClientPage>(key, `${admin}/clients`, {
        query: { ...query, slow: query.slow === true ? true : undefined }, ...(signal && { signal }),
      }),
    client: (id: string, signal?: AbortSignal) =>
      call<Client>(key, `${admin}/clients/${encodeURIComponent(id)}`, signal && { signal }),
    end: (id: string) =>
      call<{ disconnected: number }>(key, `${admin}/clients/${encodeURIComponent(id)}`, { method: 'DELETE' }),
    endAll: (whose: Whose, block?: string) =>
      call<{ disconnected: number }>(key, `${admin}/clients`, { method: 'DELETE', query: { ...whose, block } }),
    blocks: (signal?: AbortSignal) => call<{ blocks: Block[] }>(key, `${admin}/blocks`, signal && { signal }),
    lift: (whose: Whose) => call<unknown>(key, `${admin}/blocks`, { method: 'DELETE', query: { ...whose } }),
    trace: (id: string, cursor: number, limit: number, signal?: AbortSignal) =>
      call<Trace>(key, `${admin}/events`, { query: { id, cursor, limit }, ...(signal && { signal }) }),
    send: (event: OutgoingEvent, idempotencyKey: string) =>
      call<SendAnswer>(key, '/api/sse', { method: 'POST', body: event, headers: { 'Idempotency-Key': idempotencyKey } }),
  }
}

/**
 * How many streams a filter finds, and whether there may be more. The server says the
 * total where it knows it; else they are counted, so far as one page goes.
 */
export async function countStreams(server: Server, whose: Whose, signal?: AbortSignal): Promise<{ n: number; more: boolean }> {
  const page = await server.clients({ ...whose, limit: 1000 }, signal)
  return page.total === undefined ? { n: page.clients.length, more: page.next !== undefined } : { n: page.total, more: false }
}
