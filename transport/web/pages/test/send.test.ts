import { expect, it } from 'vitest'
import { announce } from '../src/demo/model/announce'
import { createUtils, optionsFor, type Self } from '../src/demo/model/send'

const self: Self = { sessionId: 's', clientId: 'c', topics: ['a', 'b'] }
const how = { priority: 'high', persistent: false } as const

it('names the target that was chosen, and no other', () => {
  expect(optionsFor({ to: 'session', ...how }, self)).toEqual({ sessionId: 's', ...how })
  expect(optionsFor({ to: 'stream', ...how }, self)).toEqual({ clientIds: ['c'], priority: 'high' })
  expect(optionsFor({ to: 'topics', ...how }, self)).toEqual({ topics: ['a', 'b'], ...how })
  expect(optionsFor({ to: 'everybody', ...how }, self)).toEqual(how)
})

it('says why a call can’t be made, instead of sending to everybody', () => {
  expect(() => optionsFor({ to: 'topics', ...how }, { ...self, topics: [] })).toThrow('no topics')
  expect(() => optionsFor({ to: 'stream', ...how }, { ...self, clientId: null })).toThrow('connect first')
  expect(() => optionsFor({ to: 'stream', priority: 'low', persistent: true }, self)).toThrow('Persistent')
  expect(() => createUtils('')).toThrow('API key')
})

it('shows people what is for people', () => {
  expect(announce('notification', { message: 'm', type: 'error' })).toEqual({ mood: 'bad', label: 'Notification · error', text: 'm' })
  expect(announce('alert', { title: 't', message: 'm' })).toEqual({ mood: 'warn', label: 'Alert · t', text: 'm' })
  expect(announce('system', { message: 'm', level: 'maintenance' })).toEqual({ mood: 'warn', label: 'System · maintenance', text: 'm' })
  expect(announce('update', { message: 'm' })).toBeNull()
  expect(announce('notification', 'text')).toBeNull()
  expect(announce('notification', null)).toBeNull()
})
