import { expect, it } from 'vitest'
import { compactJson, pretty, readData } from '../src/shared/json'

it.each([
  ['{"a":1}', { a: 1 }], ['[1]', [1]], ['7', 7], ['true', true], ['"text"', 'text'], ['null', null],
])('takes %s for JSON', (text, value) => expect(readData(text)).toEqual({ ok: true, value, kind: 'json' }))

it.each(['Hello World', 'two\nlines', 'tru', '- a list'])('takes %j for text, as it is', (text) => {
  expect(readData(text)).toEqual({ ok: true, value: text, kind: 'text' })
})

it('takes nothing for the empty text', () => expect(readData(' \n')).toEqual({ ok: true, value: '', kind: 'text' }))

it.each(['{"a": 1', '{"a" 1}', '[1,]', '"no end', '{\n  "a": 1,\n}'])('refuses %j, which began as JSON', (text) => {
  expect(readData(text).ok).toBe(false)
})

it('says where the fault is', () => {
  const typed = readData('{\n  "a": 1,\n  b\n}')
  expect(typed.ok ? '' : typed.fault).toMatch(/^line 3, column 3: /)
})

it('shows text as text, and anything else as JSON', () => {
  expect(pretty('a\nb')).toBe('a\nb')
  expect(pretty({ a: 1 })).toBe('{\n  "a": 1\n}')
  expect(compactJson({ a: [1] })).toBe('{"a":[1]}')
})
