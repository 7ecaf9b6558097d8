import { expect, it } from 'vitest'
import { everything, isFiltered, TailModel, tailRoom, tailUrl, type TailRow } from '../src/admin/model/tail'
import type { Activity, ActivityBatch } from '../src/admin/model/wire'

let n = 0
const item = (): Activity => ({ t: ++n, kind: 'send', id: String(n) })
const batch = (size: number, seen = size): ActivityBatch => ({ items: Array.from({ length: size }, item), shown: size, seen })
const ids = (rows: readonly TailRow[]) => rows.map((row) => ('item' in row ? Number(row.item.id) : 'unwatched'))

function make() {
  let asked = 0
  const model = new TailModel(() => asked++)
  return { model, asked: () => asked }
}

it('draws when a frame comes, newest first, however many batches there were', () => {
  const { model, asked } = make()
  let drawn = 0
  model.subscribe(() => drawn++)
  const first = n
  model.take(batch(2))
  model.take(batch(2))
  expect(model.get().rows).toEqual([])
  expect(asked()).toBe(2)
  model.flush()
  expect(drawn).toBe(1)
  expect(ids(model.get().rows)).toEqual([first + 4, first + 3, first + 2, first + 1])
})

it('keeps no more rows than it shows, frames or not', () => {
  const { model } = make()
  for (let i = 0; i < 50; i++) model.take(batch(50))
  model.flush()
  expect(model.get().rows).toHaveLength(tailRoom)
  expect(ids(model.get().rows)[0]).toBe(n)
  model.take(batch(1))
  model.flush()
  expect(model.get().rows).toHaveLength(tailRoom)
  expect(ids(model.get().rows).slice(0, 2)).toEqual([n, n - 1])
})

it('holds what comes while it is paused, counts it, and says what did not fit', () => {
  const { model } = make()
  model.take(batch(3))
  model.pause()
  const before = model.get().rows
  expect(before).toHaveLength(3)
  for (let i = 0; i < 10; i++) model.take(batch(50))
  model.flush()
  expect(model.get().rows).toBe(before)
  expect(model.get()).toMatchObject({ paused: true, waiting: 500, waitingLost: 500 - tailRoom })
  model.resume()
  expect(model.get()).toMatchObject({ paused: false, waiting: 0, waitingLost: 0 })
  expect(ids(model.get().rows)).toEqual(Array.from({ length: tailRoom }, (_, i) => n - i))
})

it('says how much was left out lately', () => {
  const { model } = make()
  model.take(batch(5, 50))
  model.flush()
  expect(model.get()).toMatchObject({ shown: 5, seen: 50 })
  for (let i = 0; i < 20; i++) model.take(batch(1))
  model.flush()
  expect(model.get(), 'two seconds later').toMatchObject({ shown: 20, seen: 20 })
})

it('marks the time when nobody was watching', () => {
  const { model } = make()
  model.startWatching(0)
  model.flush()
  expect(model.get().rows, 'nothing before there was anything').toEqual([])
  model.take(batch(1))
  model.stopWatching(1000)
  model.stopWatching(2000) // still away
  model.startWatching(5000)
  model.take(batch(1))
  model.flush()
  expect(ids(model.get().rows)).toEqual([n, 'unwatched', n - 1])
  expect(model.get().rows[1]).toMatchObject({ unwatched: { from: 1000, to: 5000 } })
})

it('starts anew when it is cleared, and stays paused', () => {
  const { model } = make()
  model.take(batch(9, 90))
  model.pause()
  model.take(batch(9))
  model.clear()
  model.resume()
  expect(model.get()).toMatchObject({ rows: [], waiting: 0, shown: 0, seen: 0 })
})

it('asks the server to leave out what is not wanted', () => {
  expect(tailUrl(everything)).toBe('/api/sse/admin/stream?include=activity')
  expect(isFiltered(everything)).toBe(false)
  const filter = { ...everything, kinds: ['send', 'refuse'] as const, userId: ' a&b ', topic: 'x' }
  expect(isFiltered(filter)).toBe(true)
  const query = new URL(tailUrl(filter), 'http://x').searchParams
  expect(Object.fromEntries(query)).toEqual({ include: 'activity', kinds: 'send,refuse', userId: 'a&b', topic: 'x' })
})
