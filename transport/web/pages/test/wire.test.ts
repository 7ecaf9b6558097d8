import { afterEach, expect, it, vi } from 'vitest'
import { Wire, type WireNote } from '../src/demo/model/wire'

afterEach(() => void vi.unstubAllGlobals())

/** Reads a stream through the wire, in chunks of the given size, and notes what was seen. */
async function run(text: string, chunkSize = text.length) {
  const notes: WireNote[] = []
  const wire = new Wire((note) => notes.push(note), () => {})
  const sent = new TextEncoder().encode(text)
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let i = 0; i < sent.length; i += chunkSize) controller.enqueue(sent.slice(i, i + chunkSize))
      controller.close()
    },
  })
  vi.stubGlobal('fetch', async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } }))
  const got = await (await wire.fetch('/api/sse')).text()
  wire.publish()
  return { wire, notes, got }
}

const event = (name: string, data: unknown, id?: string) =>
  `event: ${name}\ndata: ${JSON.stringify(data)}\n${id === undefined ? '' : `id: ${id}\n`}\n`
const greeting = (resume?: object) => event('connection', { status: 'connected', clientId: 'c', resume })

it.each([1, 7, 10_000])('passes the bytes on as they are, in chunks of %i', async (size) => {
  const text = greeting() + event('note', 'ä€😀', '1-0') + ': comment\n\n'
  const { got, wire, notes } = await run(text, size)
  expect(got).toBe(text)
  expect(wire.get()).toMatchObject({ bytes: new TextEncoder().encode(text).length, heartbeatAt: null, resume: null })
  expect(notes).toEqual([{ what: 'opened', resume: null }])
})

it.each([1, 10_000])('knows the replayed events from those that are new, in chunks of %i', async (size) => {
  const { wire } = await run(
    greeting({ status: 'resumed', replayed: 2 }) + event('a', 1, '1-0') + event('heartbeat', {}) + event('a', 2, '1-1') + event('a', 3, '1-2'), size)
  expect(['1-0', '1-1', '1-2', undefined].map((id) => wire.takeReplayed(id))).toEqual([true, true, false, false])
  expect(wire.takeReplayed('1-0'), 'asked once for each').toBe(false)
  expect(wire.get().heartbeatAt).not.toBeNull()
})

it('takes a long replay to last until the server says so', async () => {
  const { wire, notes } = await run(
    greeting({ status: 'partial' }) + event('a', 1, '1-0') + event('a', 2, '1-1') +
    event('connection', { status: 'replayed', replayed: 2 }) + event('a', 3, '1-2'))
  expect(['1-0', '1-1', '1-2'].map((id) => wire.takeReplayed(id))).toEqual([true, true, false])
  expect(wire.get().resume).toEqual({ status: 'partial', replayed: 2 })
  expect(notes).toEqual([{ what: 'opened', resume: { status: 'partial' } }, { what: 'replayed', replayed: 2 }])
})

it('tells of gaps and of the end', async () => {
  const { notes } = await run(
    greeting() + event('connection', { status: 'gap', dropped: 3 }) + event('error', { code: 'DISCONNECTED_BY_ADMIN', message: 'bye' }))
  expect(notes.slice(1)).toEqual([
    { what: 'gap', dropped: 3 }, { what: 'ended', code: 'DISCONNECTED_BY_ADMIN', message: 'bye' },
  ])
})

it.each([204, 503])('leaves a %i alone', async (status) => {
  const answer = new Response(null, { status })
  vi.stubGlobal('fetch', async () => answer)
  expect(await new Wire(() => {}, () => {}).fetch('/')).toBe(answer)
})
