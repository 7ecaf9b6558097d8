import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ConnectionsModel, debounceMs, noFilter, pageSize } from '../src/admin/model/connections'
import { countStreams, type ClientQuery, type Server } from '../src/admin/model/server'
import type { Client, ClientPage } from '../src/admin/model/wire'
import { Refused } from '../src/shared/api'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const client = (id: string) => ({ id }) as Client
interface Question { query: ClientQuery; signal: AbortSignal | undefined; answer: (page: ClientPage) => void; fail: (error: unknown) => void }

/** A server whose answers come when the test says so. */
function make() {
  const questions: Question[] = []
  const refused = vi.fn()
  const server = {
    clients: (query: ClientQuery, signal?: AbortSignal) =>
      new Promise<ClientPage>((answer, fail) => questions.push({ query, signal, answer, fail })),
  } as unknown as Server
  const model = new ConnectionsModel(server, refused)
  const last = () => questions.at(-1) as Question
  const settle = () => vi.advanceTimersByTimeAsync(0)
  return { model, questions, refused, last, settle, server }
}

it('asks once the typing pauses, for what was typed last', async () => {
  const { model, questions, last } = make()
  for (const search of ['a', 'al', 'ali', 'alice']) {
    model.setFilter({ search })
    await vi.advanceTimersByTimeAsync(debounceMs - 1)
  }
  expect(questions).toHaveLength(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(questions).toHaveLength(1)
  expect(last().query).toEqual({ limit: pageSize, search: 'alice' })
})

it('lets the last question win, whichever answer comes first', async () => {
  const { model, questions, settle } = make()
  void model.show({ ...noFilter, search: 'old' })
  void model.show({ ...noFilter, search: 'new' })
  expect(questions[0]?.signal?.aborted).toBe(true)
  questions[1]?.answer({ clients: [client('new')] })
  await settle()
  questions[0]?.answer({ clients: [client('old')] })
  await settle()
  expect(model.get()).toMatchObject({ rows: [{ id: 'new' }], loading: false, fault: null })
})

it('turns the pages back and forth', async () => {
  const { model, last, settle } = make()
  void model.refresh(true)
  last().answer({ clients: [client('1')], next: 50, total: 120 })
  await settle()
  expect(model.get()).toMatchObject({ page: 0, hasNext: true, total: 120, announcement: '120 connections, page 1' })
  void model.next()
  expect(last().query).toMatchObject({ cursor: 50 })
  last().answer({ clients: [client('2')], next: 100 })
  await settle()
  void model.next()
  expect(last().query).toMatchObject({ cursor: 100 })
  last().answer({ clients: [client('3')] })
  await settle()
  expect(model.get()).toMatchObject({ page: 2, hasNext: false, rows: [{ id: '3' }] })
  await model.next()
  expect(model.get().page, 'there is no other').toBe(2)
  void model.previous()
  expect(last().query).toMatchObject({ cursor: 50 })
  last().answer({ clients: [client('2')], next: 100 })
  await settle()
  void model.setFilter({ slow: true })
  await vi.advanceTimersByTimeAsync(debounceMs)
  expect(last().query, 'another filter begins at the first page').toEqual({ limit: pageSize, slow: true })
})

it('refreshes itself without a word, and not while a question is open', async () => {
  const { model, questions, last, settle } = make()
  void model.refresh(true)
  void model.refresh(false)
  expect(questions).toHaveLength(1)
  last().answer({ clients: [] })
  await settle()
  const said = model.get().announcement
  void model.refresh(false)
  expect(model.get().loading).toBe(false)
  last().answer({ clients: [client('x')] })
  await settle()
  expect(model.get()).toMatchObject({ rows: [{ id: 'x' }], announcement: said })
})

it('shows a fault, keeps the rows, and recovers', async () => {
  const { model, last, settle, refused } = make()
  void model.refresh(true)
  last().answer({ clients: [client('x')] })
  await settle()
  void model.refresh(true)
  last().fail(new Refused(503, 'OVERLOADED', 'busy'))
  await settle()
  expect(model.get()).toMatchObject({ rows: [{ id: 'x' }], fault: 'busy (503 OVERLOADED)' })
  expect(refused).not.toHaveBeenCalled()
  void model.refresh(true)
  last().answer({ clients: [] })
  await settle()
  expect(model.get()).toMatchObject({ rows: [], fault: null })
})

it('says when the key is not taken any more', async () => {
  const { model, last, settle, refused } = make()
  void model.refresh(true)
  last().fail(new Refused(401, 'UNAUTHORIZED', 'no'))
  await settle()
  expect(refused).toHaveBeenCalledOnce()
})

it('counts streams by the server’s total, else so far as a page goes', async () => {
  const { server, last } = make()
  const known = countStreams(server, { userId: 'a' })
  expect(last().query).toEqual({ userId: 'a', limit: 1000 })
  last().answer({ clients: [client('x')], next: 1, total: 4321 })
  expect(await known).toEqual({ n: 4321, more: false })
  const unknown = countStreams(server, { topic: 't' })
  last().answer({ clients: [client('x'), client('y')], next: 7 })
  expect(await unknown).toEqual({ n: 2, more: true })
})
