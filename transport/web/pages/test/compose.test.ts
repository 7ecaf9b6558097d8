import { expect, it } from 'vitest'
import { blank, check, describeTarget, type Draft } from '../src/admin/model/compose'

const draft = (part: Partial<Draft>): Draft => ({ ...blank, data: '{"a":1}', event: 'e', ...part })

it.each<[Partial<Draft>, object]>([
  [{ to: 'everybody', name: 'left over' }, { event: 'e', data: { a: 1 } }],
  [{ to: 'user', name: ' 7 ' }, { event: 'e', data: { a: 1 }, userId: '7' }],
  [{ to: 'session', name: 's' }, { event: 'e', data: { a: 1 }, sessionId: 's' }],
  [{ to: 'topics', name: 'a, b  a' }, { event: 'e', data: { a: 1 }, topics: ['a', 'b'] }],
  [{ to: 'streams', name: 'x\ny' }, { event: 'e', data: { a: 1 }, clientIds: ['x', 'y'] }],
  [
    { to: 'user', name: '7', event: '', data: 'text', priority: 'high', persistent: true, ttl: ' 60 ' },
    { data: 'text', userId: '7', priority: 'high', persistent: true, ttl: 60 },
  ],
])('makes an event of %j', (part, event) => expect(check(draft(part))).toEqual({ ok: true, event }))

it.each<[Partial<Draft>, keyof Draft]>([
  [{ to: 'user', name: '  ' }, 'name'],
  [{ to: 'topics', name: ' , ' }, 'name'], // never taken for everybody
  [{ to: 'everybody', data: '{' }, 'data'],
  [{ to: 'everybody', ttl: '0' }, 'ttl'],
  [{ to: 'everybody', ttl: '1.5' }, 'ttl'],
  [{ to: 'streams', name: 'x', persistent: true }, 'persistent'],
])('refuses %j for its %s', (part, field) => {
  const checked = check(draft(part))
  expect(checked.ok ? [] : Object.keys(checked.faults)).toEqual([field])
})

it('says who an event is for', () => {
  expect(describeTarget({ everybody: true })).toBe('everybody')
  expect(describeTarget({})).toBe('everybody')
  expect(describeTarget({ userId: '7', topics: ['a', 'b'] })).toBe('user 7 + topic a, b')
  expect(describeTarget({ clientIds: ['x'] })).toBe('stream x')
  expect(describeTarget({ clientIds: ['x', 'y'] })).toBe('2 streams')
  expect(describeTarget({ clientIds: ['x', 'y'], moreClientIds: 98 })).toBe('100 streams')
})
