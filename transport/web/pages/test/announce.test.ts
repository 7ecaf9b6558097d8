import { expect, it } from 'vitest'
import { announce } from '../src/demo/model/announce'

it.each([
  ['success', 'good'], ['warning', 'warn'], ['error', 'bad'], ['info', 'info'], [undefined, 'info'],
  ['constructor', 'info'], ['__proto__', 'info'], [{ toString: 1 }, 'info'],
])('a notification of the type %j is %s', (type, mood) => {
  expect(announce('notification', { message: 'hello', type })).toMatchObject({ mood, text: 'hello' })
})

it('an alert’s title and a system message’s level may be anything', () => {
  expect(announce('alert', { message: 'hello', title: { toString: 1 } })).toMatchObject({ text: 'hello' })
  expect(announce('system', { message: 'hello', level: 'toString' })).toMatchObject({ mood: 'info' })
})
