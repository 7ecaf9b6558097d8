import { Store } from '../../shared/store'
import type { History, Metrics, Sample } from './wire'

/** A quarter of an hour, in seconds: what the charts show. */
export const windowSeconds = 900

/** Samples further apart than this have a gap between them, which is shown as one. */
const gapMs = 2_500

export interface MetricsState {
  latest: Metrics | null
  /** When the latest came, by this machine's clock. */
  receivedAt: number | null
  samples: readonly Sample[] // oldest first
}

/** What the metrics stream has said, for as long as the charts show. */
export class MetricsModel extends Store<MetricsState> {
  constructor() {
    super({ latest: null, receivedAt: null, samples: [] })
  }

  history({ samples }: History): void {
    // After a reconnect the server's own record is the better one: it may know of the
    // time without a connection. What it does not know of is kept.
    const oldest = samples[0]?.t ?? Infinity
    const before = this.get().samples.filter((s) => s.t < oldest)
    this.patch({ samples: recent([...before, ...samples]) })
  }

  metrics(latest: Metrics, receivedAt: number): void {
    // The history may end with the very second that comes first as news; and where the
    // server's clock was set back, what it called later is no longer so.
    const before = this.get().samples.filter((s) => s.t < latest.sample.t)
    this.set({ latest, receivedAt, samples: recent([...before, latest.sample]) })
  }
}

function recent(samples: readonly Sample[]): readonly Sample[] {
  const newest = samples.at(-1)
  if (newest === undefined) return samples
  const from = newest.t - windowSeconds * 1000
  return samples.filter((s) => s.t > from).slice(-windowSeconds)
}

/** A column of numbers for a chart. */
export type Column = (number | null)[]

/**
 * The samples as columns: seconds since 1970 first, then one for each series. Where
 * samples are missing a row of nulls breaks the line, so that nothing is made up.
 */
export function columns(samples: readonly Sample[], series: readonly ((s: Sample) => number | null)[]): [number[], ...Column[]] {
  const times: number[] = []
  const values: Column[] = series.map(() => [])
  let before: number | null = null
  for (const sample of samples) {
    if (before !== null && sample.t - before > gapMs) {
      times.push((before + 1000) / 1000)
      for (const column of values) column.push(null)
    }
    times.push(sample.t / 1000)
    series.forEach((read, i) => values[i]?.push(read(sample)))
    before = sample.t
  }
  return [times, ...values]
}

/** A minute of samples, for the table that stands for the charts. */
export interface Minute {
  t: number
  streams: number
  users: number
  events: number
  deliveries: number
  p50: number | null
  p99: number | null
  dropped: number // in all of the minute
  memory: number
}

/** The samples by the minute, newest first: means, and the worst p99. */
export function minutes(samples: readonly Sample[]): Minute[] {
  const groups = new Map<number, Sample[]>()
  for (const sample of samples) {
    const minute = Math.floor(sample.t / 60_000)
    const group = groups.get(minute)
    if (group === undefined) groups.set(minute, [sample])
    else group.push(sample)
  }
  return [...groups].reverse().map(([minute, group]) => ({
    t: minute * 60_000,
    streams: mean(group.map((s) => s.streams)),
    users: mean(group.map((s) => s.users)),
    events: mean(group.map((s) => s.events)),
    deliveries: mean(group.map((s) => s.deliveries)),
    p50: median(known(group.map((s) => s.p50))),
    p99: largest(known(group.map((s) => s.p99))),
    dropped: Math.round(group.reduce((sum, s) => sum + s.dropped, 0)),
    memory: mean(group.map((s) => s.memory)),
  }))
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + n, 0) / numbers.length
const known = (numbers: readonly (number | null)[]): number[] => numbers.filter((n) => n !== null)
const largest = (numbers: readonly number[]): number | null => (numbers.length === 0 ? null : Math.max(...numbers))

function median(numbers: readonly number[]): number | null {
  if (numbers.length === 0) return null
  return [...numbers].sort((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)] ?? null
}

/** Smallest, largest and newest of a series, for its description in words. */
export function extent(samples: readonly Sample[], read: (s: Sample) => number | null): { now: number | null; min: number | null; max: number | null } {
  const numbers = known(samples.map(read))
  const last = samples.at(-1)
  return {
    now: last === undefined ? null : read(last),
    min: numbers.length === 0 ? null : Math.min(...numbers),
    max: largest(numbers),
  }
}

/** The newest sample in which something was published: what p99 was when it last was. */
export function lastPublished(samples: readonly Sample[]): Sample | undefined {
  return samples.findLast((s) => s.p99 !== null)
}

/** How many events were dropped in the newest `seconds`, about: samples are rates, each of about a second. */
export function droppedLately(samples: readonly Sample[], seconds = 60): number {
  const newest = samples.at(-1)
  if (newest === undefined) return 0
  return Math.round(samples.reduce((sum, s) => (s.t > newest.t - seconds * 1000 ? sum + s.dropped : sum), 0))
}
