// Requests to the server that carries the page.

/** What a refused request says (RFC 9457). */
export class Refused extends Error {
  readonly status: number
  readonly code: string
  readonly field: string | undefined

  constructor(status: number, code: string, detail: string, field?: string) {
    super(detail)
    this.name = 'Refused'
    this.status = status
    this.code = code
    this.field = field
  }

  /** Whether another key would help. */
  get unauthorised(): boolean {
    return this.status === 401 || this.status === 403
  }
}

export interface Request {
  method?: 'GET' | 'POST' | 'DELETE'
  query?: Record<string, string | number | boolean | undefined>
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
}

/** Longer than the server takes to give up on a question itself. */
const patience = 10_000

export async function call<T>(key: string, path: string, request: Request = {}): Promise<T> {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined && value !== '') query.set(name, String(value))
  }
  const headers: Record<string, string> = { Accept: 'application/json', ...request.headers }
  // Without a key the browser's own cookie may do.
  if (key !== '') headers['Authorization'] = `Bearer ${key}`
  if (request.body !== undefined) headers['Content-Type'] = 'application/json'
  const impatience = new AbortController()
  const timer = setTimeout(() => impatience.abort(), patience)
  const stop = () => impatience.abort()
  request.signal?.addEventListener('abort', stop)
  if (request.signal?.aborted) stop()
  try {
    const response = await fetch(path + (query.size > 0 ? `?${query}` : ''), {
      method: request.method ?? 'GET',
      headers,
      signal: impatience.signal,
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    })
    const answer = await read(response)
    if (!response.ok) throw refusal(response.status, answer)
    return answer as T
  } catch (error) {
    if (error instanceof Refused || request.signal?.aborted) throw error
    if (impatience.signal.aborted) throw new Refused(0, 'TIMEOUT', 'the server did not answer in time')
    throw new Refused(0, 'UNREACHABLE', 'the server can’t be reached')
  } finally {
    clearTimeout(timer)
    request.signal?.removeEventListener('abort', stop)
  }
}

async function read(response: Response): Promise<unknown> {
  const text = await response.text()
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function refusal(status: number, answer: unknown): Refused {
  if (typeof answer !== 'object' || answer === null) return new Refused(status, String(status), `the server answered ${status}`)
  const { code, detail, title, field } = answer as Record<string, string | undefined>
  return new Refused(status, code ?? String(status), detail ?? title ?? `the server answered ${status}`, field)
}

/** What to tell a person about any failure. */
export function explain(error: unknown): string {
  if (error instanceof Refused) return error.status > 0 ? `${error.message} (${error.status} ${error.code})` : error.message
  return error instanceof Error ? error.message : String(error)
}
