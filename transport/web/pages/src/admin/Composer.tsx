import { useState } from 'preact/hooks'
import { explain } from '../shared/api'
import { plural } from '../shared/format'
import { randomId } from '../shared/random'
import { Dialog } from '../shared/parts/Dialog'
import { Icon } from '../shared/parts/Icon'
import { JsonField } from '../shared/parts/JsonField'
import { useStore, useStorePart } from '../shared/store'
import { useDashboard } from './context'
import { check, recipients, type Draft, type Recipient } from './model/compose'
import type { OutgoingEvent } from './model/server'
import type { SendAnswer } from './model/wire'

const recipientWords: Record<Recipient, { option: string; label: string; placeholder: string }> = {
  everybody: { option: 'everybody', label: '', placeholder: '' },
  user: { option: 'a user', label: 'User', placeholder: 'its id' },
  session: { option: 'a session', label: 'Session', placeholder: 'its sessionId' },
  topics: { option: 'topics', label: 'Topics', placeholder: 'news, orders' },
  streams: { option: 'single streams', label: 'Streams', placeholder: 'client ids' },
}

type Answer = { ok: true; answer: SendAnswer } | { ok: false; why: string }

/** Sends one event, to try things out. */
export function Composer() {
  const { draft: store, server, metrics, overlay } = useDashboard()
  const draft = useStore(store)
  const streams = useStorePart(metrics, (m) => m.latest?.sample.streams)
  const [tried, setTried] = useState(false)
  const [confirm, setConfirm] = useState<OutgoingEvent | null>(null)
  const [sending, setSending] = useState(false)
  const [answer, setAnswer] = useState<Answer | null>(null)
  const checked = check(draft)
  const faults: Partial<Record<keyof Draft, string>> = checked.ok || !tried ? {} : checked.faults
  const change = (part: Partial<Draft>) => store.patch(part)

  const send = async (event: OutgoingEvent) => {
    setConfirm(null)
    setSending(true)
    try {
      // A click is one event, even where the network repeats the request.
      setAnswer({ ok: true, answer: await server.send(event, randomId()) })
    } catch (error) {
      setAnswer({ ok: false, why: explain(error) })
    } finally {
      setSending(false)
    }
  }

  const submit = (e: Event) => {
    e.preventDefault()
    setTried(true)
    if (!checked.ok) {
      setAnswer(null)
      return
    }
    setTried(false)
    if (draft.to === 'everybody') setConfirm(checked.event)
    else void send(checked.event)
  }

  const { label, placeholder } = recipientWords[draft.to]
  return (
    <section id="send" class="panel" aria-labelledby="send-title" tabIndex={-1}>
      <header><h2 id="send-title">Send a test event</h2></header>
      <form class="body fields" onSubmit={submit} noValidate>
        <div class="field">
          <label for="send-event">Event</label>
          <input id="send-event" class="mono" autocomplete="off" spellcheck={false} maxLength={128} value={draft.event} placeholder="message"
            onInput={(e) => change({ event: e.currentTarget.value })} />
        </div>
        <div class="field">
          <label for="send-to">To</label>
          <select id="send-to" value={draft.to} onChange={(e) => change({ to: e.currentTarget.value as Recipient })}>
            {recipients.map((to) => <option key={to} value={to}>{recipientWords[to].option}</option>)}
          </select>
        </div>
        {draft.to !== 'everybody' && (
          <div class="field wide">
            <label for="send-name">{label}</label>
            <input id="send-name" class="mono" autocomplete="off" spellcheck={false} placeholder={placeholder} value={draft.name}
              aria-invalid={faults.name !== undefined} aria-describedby="send-name-note" onInput={(e) => change({ name: e.currentTarget.value })} />
            <p id="send-name-note" class="note bad" hidden={faults.name === undefined}>{faults.name}</p>
          </div>
        )}
        <JsonField label="Data (JSON, or text)" value={draft.data} rows={5} onInput={(data) => change({ data })} />
        <div class="field">
          <label for="send-priority">Priority</label>
          <select id="send-priority" value={draft.priority} onChange={(e) => change({ priority: e.currentTarget.value as Draft['priority'] })}>
            <option>low</option><option>normal</option><option>high</option>
          </select>
        </div>
        <div class="field">
          <label for="send-ttl">Time to live, seconds</label>
          <input id="send-ttl" inputMode="numeric" autocomplete="off" placeholder="as long as it is kept" value={draft.ttl}
            aria-invalid={faults.ttl !== undefined} aria-describedby="send-ttl-note" onInput={(e) => change({ ttl: e.currentTarget.value })} />
          <p id="send-ttl-note" class="note bad" hidden={faults.ttl === undefined}>{faults.ttl}</p>
        </div>
        <div class="row wide">
          <label class="check grow">
            <input type="checkbox" checked={draft.persistent} aria-describedby="send-persistent-note"
              onChange={(e) => change({ persistent: e.currentTarget.checked })} />
            Persistent
          </label>
          <button class="primary" disabled={sending}><Icon name="send" /> {sending ? 'Sending…' : 'Send'}</button>
        </div>
        <p id="send-persistent-note" class="note bad wide" hidden={faults.persistent === undefined}>{faults.persistent}</p>
        <div role="status" class="wide">{answer !== null && <AnswerLine answer={answer} onTrace={(id) => overlay.set({ show: 'trace', id })} />}</div>
      </form>
      {confirm !== null && (
        <Dialog title="Send to everybody?" onClose={() => setConfirm(null)}>
          <div class="body">
            <p>
              <strong>{confirm.event ?? 'message'}</strong> goes to every stream
              {streams === undefined ? '.' : <>: <strong>{plural(streams, 'stream')}</strong> at this moment.</>}
            </p>
          </div>
          <footer>
            <button type="button" onClick={() => setConfirm(null)}>Cancel</button>
            <button type="button" class="danger primary" onClick={() => void send(confirm)}>Send to everybody</button>
          </footer>
        </Dialog>
      )}
    </section>
  )
}

function AnswerLine({ answer, onTrace }: { answer: Answer; onTrace: (id: string) => void }) {
  if (!answer.ok) return <p class="banner bad"><Icon name="error" /><span>{answer.why}</span></p>
  const { eventsSent, persisted, event } = answer.answer
  const { id } = event
  return (
    <p class="banner good">
      <Icon name="check" />
      <span>
        Queued for {plural(eventsSent, 'stream')}{persisted === true && ', and on disk'}.
        {id !== undefined && <> <span class="mono">{id}</span> <button type="button" class="link" onClick={() => onTrace(id)}>Where did it go?</button></>}
      </span>
    </p>
  )
}
