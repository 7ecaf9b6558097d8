import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { toastMs, ToastModel, toastRoom } from '../src/shared/toasts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const info = (text: string) => ({ mood: 'info', label: 'Notification', text }) as const
const texts = (model: ToastModel) => model.get().map((toast) => toast.text)

it('takes a toast away when there was time to read it', () => {
  const model = new ToastModel()
  model.show(info('a'))
  vi.advanceTimersByTime(toastMs - 1)
  expect(texts(model)).toEqual(['a'])
  vi.advanceTimersByTime(1)
  expect(texts(model)).toEqual([])
})

it('keeps them while somebody is at them, those that come meanwhile too', () => {
  const model = new ToastModel()
  model.show(info('a'))
  model.hold()
  model.show(info('b'))
  vi.advanceTimersByTime(10 * toastMs)
  expect(texts(model)).toEqual(['a', 'b'])
  model.release()
  vi.advanceTimersByTime(toastMs)
  expect(texts(model)).toEqual([])
})

it('keeps a failure until it is dismissed', () => {
  const model = new ToastModel()
  model.show({ mood: 'bad', label: 'Failed', text: 'x' })
  vi.advanceTimersByTime(10 * toastMs)
  expect(texts(model)).toEqual(['x'])
  model.dismiss(model.get()[0]?.id ?? -1)
  expect(texts(model)).toEqual([])
})

it('holds no more than there is room for, and no timer of one that is gone', () => {
  const model = new ToastModel()
  for (let i = 0; i < 100; i++) model.show(info(String(i)))
  expect(texts(model)).toEqual(['95', '96', '97', '98', '99'])
  expect(vi.getTimerCount()).toBe(toastRoom)
})
