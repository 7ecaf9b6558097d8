import { expect, it } from 'vitest'
import { HistoryModel, historyRoom, type Arrival } from '../src/demo/model/history'

function make() {
  let now = 0
  const model = new HistoryModel(() => {}, () => now)
  return { model, at: (ms: number) => (now = ms) }
}
const first = (model: HistoryModel) => model.get().entries[0] as Arrival

it('measures from sending to arrival where the answer comes first', () => {
  const { model, at } = make()
  at(1000)
  model.sent('x', 990)
  at(1007)
  model.arrived({ type: 'a', data: 1, id: 'x' }, false)
  model.flush()
  expect(first(model).latency).toEqual({ ms: 17, measured: true })
})

it('measures where the event comes first, drawn already or not', () => {
  for (const drawn of [false, true]) {
    const { model, at } = make()
    at(1007)
    model.arrived({ type: 'a', data: 1, id: 'x' }, false)
    if (drawn) model.flush()
    at(1500)
    model.sent('x', 1000)
    model.flush()
    expect(first(model).latency).toEqual({ ms: 7, measured: true })
  }
})

it('else goes by the server’s clock, and never below nothing', () => {
  const { model } = make()
  expect(model.arrived({ type: 'a', data: 1, id: '1795493112845-3' }, false, 1795493112900).latency).toEqual({ ms: 55, measured: false })
  expect(model.arrived({ type: 'a', data: 1, id: '1795493112845-4' }, false, 1795493112000).latency).toEqual({ ms: 0, measured: false })
  expect(model.arrived({ type: 'a', data: 1, id: 'own-id' }, false).latency).toBeNull()
  expect(model.arrived({ type: 'a', data: 1 }, false).latency).toBeNull()
})

it('keeps the newest, and counts all', () => {
  const { model } = make()
  for (let i = 0; i < 3 * historyRoom; i++) model.arrived({ type: 'a', data: i }, false)
  model.flush()
  expect(model.get()).toMatchObject({ total: 3 * historyRoom })
  expect(model.get().entries).toHaveLength(historyRoom)
  expect(first(model).data).toBe(3 * historyRoom - 1)
  model.note('good', 'open')
  model.flush()
  expect(model.get().entries).toHaveLength(historyRoom)
  expect(model.get().entries[0]).toMatchObject({ kind: 'note', text: 'open' })
  expect(model.get().total, 'a note is no event').toBe(3 * historyRoom)
  model.clear()
  expect(model.get()).toEqual({ entries: [], total: 0 })
})
