import { render } from 'preact'
import { act } from 'preact/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Dialog } from '../src/shared/parts/Dialog'
import { JsonField } from '../src/shared/parts/JsonField'
import { Toasts } from '../src/shared/parts/Toasts'
import { toastMs, ToastModel } from '../src/shared/toasts'

let place: HTMLElement
beforeEach(() => {
  vi.useFakeTimers()
  place = document.createElement('div')
  document.body.append(place)
})
afterEach(async () => {
  await act(() => render(null, place))
  place.remove()
  vi.useRealTimers()
})

const find = <E extends HTMLElement>(selector: string): E => {
  const element = place.querySelector<E>(selector)
  if (element === null) throw new Error(`there is no ${selector}`)
  return element
}

it('keeps toasts for as long as the pointer or the focus is on them', async () => {
  const model = new ToastModel()
  await act(() => render(<Toasts model={model} label="Notifications" />, place))
  await act(() => model.show({ mood: 'info', label: 'Notification', text: 'one' }))
  const region = find('section')
  await act(() => void region.dispatchEvent(new MouseEvent('mouseenter')))
  await act(() => void vi.advanceTimersByTime(2 * toastMs))
  expect(region.textContent).toContain('one')
  // The pointer leaves, the focus is there still.
  await act(() => find('button').focus())
  await act(() => void region.dispatchEvent(new MouseEvent('mouseleave')))
  await act(() => void vi.advanceTimersByTime(2 * toastMs))
  expect(region.textContent).toContain('one')
  await act(() => find('button').blur())
  await act(() => void vi.advanceTimersByTime(toastMs))
  expect(region.textContent).not.toContain('one')
})

it('says of a field whether it holds JSON, to whom can’t see it too', async () => {
  const show = (value: string) => act(() => render(<JsonField label="Data" value={value} onInput={() => {}} />, place))
  await show('{"a":1}')
  expect(find('textarea').getAttribute('aria-invalid')).toBe('false')
  expect(find('p').textContent).toBe('✓ JSON')
  await show('{"a":')
  expect(find('textarea').getAttribute('aria-invalid')).toBe('true')
  expect(find(`#${find('textarea').getAttribute('aria-describedby')}`).textContent).toMatch(/^✗ Not JSON/)
})

it('gives the focus back to where it was when a dialog closes', async () => {
  const before = document.createElement('button')
  document.body.append(before)
  before.focus()
  const onClose = vi.fn()
  await act(() => render(<Dialog title="Sure?" onClose={onClose}>text</Dialog>, place))
  const dialog = find<HTMLDialogElement>('dialog')
  expect(dialog.open).toBe(true)
  find('header button').focus()
  await act(() => void dialog.dispatchEvent(new Event('cancel', { cancelable: true })))
  expect(onClose, 'Escape').toHaveBeenCalledOnce()
  await act(() => render(null, place))
  expect(document.activeElement).toBe(before)
  before.remove()
})
