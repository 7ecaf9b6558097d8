import { beforeEach, expect, it, vi } from 'vitest'
import { followAddress, loadKey, saveKey, takeKeyFromAddress } from '../src/shared/key'

beforeEach(() => {
  sessionStorage.clear()
  history.replaceState(null, '', '/admin')
})

it('moves the key from the address into the tab’s storage', () => {
  history.replaceState(null, '', '/admin?x=1#key=abc%2Bdef')
  takeKeyFromAddress()
  expect(loadKey()).toBe('abc+def')
  expect(location.href).toMatch(/\/admin\?x=1$/)
})

it('leaves what else is behind the #', () => {
  history.replaceState(null, '', '/admin#key=k&view=events')
  takeKeyFromAddress()
  expect(location.hash).toBe('#view=events')
})

it('keeps the key that it has where the address has none', () => {
  saveKey('kept')
  takeKeyFromAddress()
  expect(loadKey()).toBe('kept')
})

it('takes it from a link that is opened over the page, and begins anew', () => {
  const begin = vi.fn()
  followAddress(begin)
  history.replaceState(null, '', '/admin#connections')
  dispatchEvent(new Event('hashchange'))
  expect(begin).not.toHaveBeenCalled()
  history.replaceState(null, '', '/admin#key=later')
  dispatchEvent(new Event('hashchange'))
  expect(loadKey()).toBe('later')
  expect(location.href).not.toContain('key')
  expect(begin).toHaveBeenCalledOnce()
})

it('forgets it on signing out', () => {
  saveKey('kept')
  saveKey('')
  expect(sessionStorage.length).toBe(0)
  expect(loadKey()).toBe('')
})
