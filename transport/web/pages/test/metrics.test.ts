import { expect, it } from 'vitest'
import { columns, droppedLately, extent, lastPublished, MetricsModel, minutes, windowSeconds } from '../src/admin/model/metrics'
import type { Metrics, Sample } from '../src/admin/model/wire'

const t0 = 1_795_493_100_000

function sample(second: number, part: Partial<Sample> = {}): Sample {
  return {
    t: t0 + second * 1000, streams: 10, users: 5, events: 1, deliveries: 10, connects: 0, disconnects: 0, dropped: 0, bytes: 0,
    p50: 0.2, p99: 1, memory: 1e7, queue: 0, cpu: null, ...part,
  }
}

const metrics = (s: Sample) => ({ sample: s }) as Metrics
const times = (model: MetricsModel) => model.get().samples.map((s) => (s.t - t0) / 1000)

it('adds what comes to the history, each second once', () => {
  const model = new MetricsModel()
  model.history({ samples: [sample(0), sample(1)] })
  model.metrics(metrics(sample(1)), 0)
  model.metrics(metrics(sample(2)), 0)
  expect(times(model)).toEqual([0, 1, 2])
})

it('goes on when the server’s clock is set back', () => {
  const model = new MetricsModel()
  for (const i of [100, 101, 102]) model.metrics(metrics(sample(i)), 0)
  for (const i of [41, 42]) model.metrics(metrics(sample(i)), 0)
  expect(times(model)).toEqual([41, 42])
})

it('keeps a quarter of an hour and no more', () => {
  const model = new MetricsModel()
  for (let i = 0; i < 2 * windowSeconds; i++) model.metrics(metrics(sample(i)), 0)
  expect(times(model)).toHaveLength(windowSeconds)
  expect(times(model).at(-1)).toBe(2 * windowSeconds - 1)
  model.metrics(metrics(sample(10 * windowSeconds)), 0)
  expect(times(model), 'all others are older than that').toEqual([10 * windowSeconds])
})

it('takes the server’s own record after a reconnect, and keeps what is older', () => {
  const model = new MetricsModel()
  for (const i of [0, 1, 2]) model.metrics(metrics(sample(i)), 0)
  model.history({ samples: [sample(2, { streams: 99 }), sample(5), sample(6)] })
  expect(times(model)).toEqual([0, 1, 2, 5, 6])
  expect(model.get().samples[2]?.streams).toBe(99)
})

it('takes an empty history for no news', () => {
  const model = new MetricsModel()
  model.metrics(metrics(sample(0)), 0)
  model.history({ samples: [] })
  expect(times(model)).toEqual([0])
})

it('breaks the line where samples are missing', () => {
  const [x, y] = columns([sample(0), sample(1), sample(5)], [(s) => s.streams])
  expect(x.map((t) => t - t0 / 1000)).toEqual([0, 1, 2, 5])
  expect(y).toEqual([10, 10, null, 10])
})

it('shows no latency where nothing was published', () => {
  const [, p99] = columns([sample(0), sample(1, { p99: null })], [(s) => s.p99])
  expect(p99).toEqual([1, null])
})

it('sums up by the minute, newest first', () => {
  const seconds = Array.from({ length: 120 }, (_, i) => sample(i, { streams: i < 60 ? 10 : 20, dropped: 1, p99: i === 3 ? 50 : 1 }))
  expect(minutes(seconds)).toMatchObject([
    { t: t0 + 60_000, streams: 20, dropped: 60, p99: 1 },
    { t: t0, streams: 10, dropped: 60, p99: 50, p50: 0.2 },
  ])
  expect(minutes([sample(0, { p50: null, p99: null })])).toMatchObject([{ p50: null, p99: null }])
})

it('finds least, most and newest, leaving out what is not known', () => {
  const samples = [sample(0, { p99: 3 }), sample(1, { p99: null }), sample(2, { p99: 7 }), sample(3, { p99: null })]
  expect(extent(samples, (s) => s.p99)).toEqual({ now: null, min: 3, max: 7 })
  expect(extent([], (s) => s.p99)).toEqual({ now: null, min: null, max: null })
  expect(lastPublished(samples)?.p99).toBe(7)
})

it('counts the drops of the last minute only', () => {
  expect(droppedLately(Array.from({ length: 200 }, (_, i) => sample(i, { dropped: 2 })))).toBe(120)
  expect(droppedLately([])).toBe(0)
})
