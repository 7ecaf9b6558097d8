import { expect, it } from 'vitest'
import { age, brief, bytes, count, duration, latency, none, plural, shorten } from '../src/shared/format'

it.each([
  [count(9812), '9,812'], [count(null), none], [count(NaN), none],
  [brief(0), '0'], [brief(1.25), '1.3'], [brief(12345), '12,345'], [brief(1_834_221), '1.83M'],
  [bytes(0), '0 B'], [bytes(999), '999 B'], [bytes(1000), '1.0 KB'], [bytes(58e6), '55.3 MB'], [bytes(null), none],
  [latency(0.214), '0.21 ms'], [latency(9.94), '9.9 ms'], [latency(13.4), '13 ms'], [latency(1234), '1.2 s'], [latency(null), none],
  [duration(0), '0 ms'], [duration(850), '850 ms'], [duration(4200), '4.2 s'], [duration(200_000), '3 min 20 s'],
  [age(999), '0 s'], [age(59_999), '59 s'], [age(3_600_000), '1 h'], [age(187_200_000), '2 d 4 h'], [age(-5), '0 s'],
  [plural(1, 'stream'), '1 stream'], [plural(1234, 'stream'), '1,234 streams'],
  [shorten('short'), 'short'], [shorten('JtAbCdEfGhIjKlMnOp', 9), 'JtAb…MnOp'],
])('%s is %s', (got, want) => expect(got).toBe(want))

it('shortens to the room that there is', () => {
  for (let room = 4; room < 30; room++) expect(shorten('x'.repeat(40), room)).toHaveLength(room)
})
