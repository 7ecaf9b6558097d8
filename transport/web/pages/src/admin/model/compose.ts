import { readData } from '../../shared/json'
import type { OutgoingEvent } from './server'
import type { Target } from './wire'

export const recipients = ['everybody', 'user', 'session', 'topics', 'streams'] as const
export type Recipient = (typeof recipients)[number]

/** A test event as it stands in the form. */
export interface Draft {
  event: string
  data: string
  to: Recipient
  name: string // of the user, the session, the topics or the streams
  priority: 'low' | 'normal' | 'high'
  persistent: boolean
  ttl: string
}

export const blank: Draft = {
  event: 'notification',
  data: '{\n  "message": "Hello from the dashboard",\n  "type": "info"\n}',
  to: 'session', name: '', priority: 'normal', persistent: false, ttl: '',
}

export type Checked = { ok: true; event: OutgoingEvent } | { ok: false; faults: Partial<Record<keyof Draft, string>> }

const names = (list: string): string[] => [...new Set(list.split(/[\s,]+/).filter((name) => name !== ''))]

/** Makes the event, or says what is wrong with each field. The server checks the rest. */
export function check(draft: Draft): Checked {
  const faults: Partial<Record<keyof Draft, string>> = {}
  const data = readData(draft.data)
  if (!data.ok) faults.data = data.fault
  if (draft.to !== 'everybody' && names(draft.name).length === 0) faults.name = 'Say who it is for'
  if (draft.persistent && draft.to === 'streams') faults.persistent = 'A stream that is gone never comes back: choose a user, a session or a topic'
  const ttl = draft.ttl.trim()
  if (ttl !== '' && !/^[1-9]\d{0,8}$/.test(ttl)) faults.ttl = 'Whole seconds, at least 1'
  if (Object.keys(faults).length > 0 || !data.ok) return { ok: false, faults }
  const event: OutgoingEvent = { data: data.value, ...target(draft) }
  if (draft.event.trim() !== '') event.event = draft.event.trim()
  if (draft.priority !== 'normal') event.priority = draft.priority
  if (draft.persistent) event.persistent = true
  if (ttl !== '') event.ttl = Number(ttl)
  return { ok: true, event }
}

function target({ to, name }: Draft): Omit<Target, 'everybody'> {
  switch (to) {
    case 'everybody': return {}
    case 'user': return { userId: name.trim() }
    case 'session': return { sessionId: name.trim() }
    case 'topics': return { topics: names(name) }
    case 'streams': return { clientIds: names(name) }
  }
}

/** Who an event is for, in words. */
export function describeTarget(to: Target | undefined): string {
  if (to === undefined || to.everybody === true) return 'everybody'
  const parts = [
    to.userId !== undefined && `user ${to.userId}`,
    to.sessionId !== undefined && `session ${to.sessionId}`,
    to.topics !== undefined && to.topics.length > 0 && `topic ${to.topics.join(', ')}`,
    to.clientIds !== undefined && to.clientIds.length > 0 &&
      (to.clientIds.length === 1 ? `stream ${to.clientIds[0]}` : `${to.clientIds.length + (to.moreClientIds ?? 0)} streams`),
  ].filter((part) => part !== false)
  return parts.length === 0 ? 'everybody' : parts.join(' + ')
}
