// How numbers and times are written. One language, as the pages are in one.

const language = 'en-US'
const whole = new Intl.NumberFormat(language)
const compact = new Intl.NumberFormat(language, { notation: 'compact', maximumSignificantDigits: 3 })
const clock = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
const millis = new Intl.DateTimeFormat(language, {
  hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23',
})

/** What stands where there is no value. */
export const none = '–'

export function count(n: number | null | undefined): string {
  return n == null || !Number.isFinite(n) ? none : whole.format(n)
}

/** A rate or another number whose size matters more than its digits: 9,812 or 1.23M. */
export function brief(n: number | null | undefined): string {
  if (n == null || !Number.isFinite(n)) return none
  if (Math.abs(n) >= 100_000) return compact.format(n)
  return Math.abs(n) >= 100 || Number.isInteger(n) ? whole.format(Math.round(n)) : n.toFixed(1)
}

export function bytes(n: number | null | undefined): string {
  if (n == null || !Number.isFinite(n)) return none
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  let unit = 0
  let size = n
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1024
    unit++
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`
}

/** A latency: 0.24 ms, 13 ms, 1.2 s. */
export function latency(ms: number | null | undefined): string {
  if (ms == null || !Number.isFinite(ms)) return none
  if (ms < 1) return `${ms.toFixed(2)} ms`
  if (ms < 10) return `${ms.toFixed(1)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  return duration(ms)
}

/** A span in its two largest units: 850 ms, 4.2 s, 3 min 20 s, 2 h 5 min, 3 d 4 h. */
export function duration(ms: number | null | undefined): string {
  if (ms == null || !Number.isFinite(ms)) return none
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`
  return age(ms)
}

/** The same in whole seconds, for what is counted each second. */
export function age(ms: number | null | undefined): string {
  if (ms == null || !Number.isFinite(ms)) return none
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [d, h, m, s] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60]
  if (d > 0) return h > 0 ? `${d} d ${h} h` : `${d} d`
  if (h > 0) return m > 0 ? `${h} h ${m} min` : `${h} h`
  if (m > 0) return s > 0 ? `${m} min ${s} s` : `${m} min`
  return `${s} s`
}

export function time(at: number | Date): string {
  return clock.format(at)
}

export function preciseTime(at: number | Date): string {
  return millis.format(at)
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`
}

/** The start of an id that is too long for its place, and its end: what tells two apart. */
export function shorten(text: string, room = 14): string {
  if (text.length <= room) return text
  const end = Math.floor((room - 1) / 2)
  return `${text.slice(0, room - 1 - end)}…${text.slice(-end)}`
}
