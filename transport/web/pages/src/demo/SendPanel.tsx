import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { NotificationOptions, SendResult, SSEUtils } from 'sseactor/server'
import { explain } from '../shared/api'
import { plural } from '../shared/format'
import { readData } from '../shared/json'
import { Icon } from '../shared/parts/Icon'
import { JsonField } from '../shared/parts/JsonField'
import { useDemo } from './context'
import { createUtils, optionsFor, targets, type SendSettings, type TargetChoice } from './model/send'
import { useDemoStream } from './useDemoStream'

const targetWords: Record<TargetChoice, string> = {
  session: 'This session', stream: 'This stream', topics: 'The topics', everybody: 'Everybody',
}

type Answer = { ok: true; call: string; result: SendResult } | { ok: false; call: string; why: string }

/** A button for each call of the utilities. */
export function SendPanel() {
  const { key, stream, history } = useDemo()
  const { clientId } = useDemoStream()
  const [settings, setSettings] = useState<SendSettings>({ to: 'session', priority: 'normal', persistent: false })
  const [message, setMessage] = useState('Hello World')
  const [name, setName] = useState('order.paid')
  const [data, setData] = useState('{ "order": 7, "total": 49.9 }')
  const [answer, setAnswer] = useState<Answer | null>(null)
  const typed = readData(data)

  /** Makes a call, shows its answer, and measures from here to the event's arrival. */
  const send = async (call: string, make: (utils: SSEUtils, options: NotificationOptions) => Promise<SendResult>) => {
    try {
      const options = optionsFor(settings, { ...stream.get(), clientId })
      const utils = createUtils(key.get())
      const sentAt = performance.now()
      const result = await make(utils, options)
      if (result.id !== undefined) history.sent(result.id, sentAt)
      setAnswer({ ok: true, call, result })
    } catch (error) {
      setAnswer({ ok: false, call, why: explain(error) })
    }
  }

  return (
    <section class="panel" aria-labelledby="send-title">
      <header><h2 id="send-title">Send</h2></header>
      <div class="body stack">
        <fieldset class="field">
          <legend class="label">To</legend>
          <div class="segmented">
            {targets.map((to) => (
              <label key={to}>
                <input type="radio" name="to" value={to} checked={settings.to === to} onChange={() => setSettings({ ...settings, to })} />
                <span>{targetWords[to]}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <div class="fields">
          <div class="field wide">
            <label for="message">Message</label>
            <input id="message" autocomplete="off" value={message} onInput={(e) => setMessage(e.currentTarget.value)} />
          </div>
          <div class="field">
            <label for="priority">Priority</label>
            <select id="priority" value={settings.priority}
              onChange={(e) => setSettings({ ...settings, priority: e.currentTarget.value as SendSettings['priority'] })}>
              <option>low</option><option>normal</option><option>high</option>
            </select>
          </div>
          <label class="check end">
            <input type="checkbox" checked={settings.persistent} onChange={(e) => setSettings({ ...settings, persistent: e.currentTarget.checked })} />
            Persistent
          </label>
        </div>

        <div class="calls">
          <Call name="sendNotification">
            {(['info', 'success', 'warning', 'error'] as const).map((type) => (
              <button type="button" key={type} onClick={() => void send('sendNotification', (u, o) => u.sendNotification(message, type, o))}>{type}</button>
            ))}
          </Call>
          <Call name="sendAlert">
            <button type="button" onClick={() => void send('sendAlert', (u, o) => u.sendAlert('Heads up', message, o))}>alert</button>
          </Call>
          <Call name="sendUpdate">
            {(['created', 'updated', 'deleted'] as const).map((action) => (
              <button type="button" key={action} onClick={() => void send('sendUpdate', (u, o) => u.sendUpdate('orders', action, { order: 7, message }, o))}>{action}</button>
            ))}
          </Call>
          <Call name="sendSystemMessage">
            {(['info', 'warning', 'maintenance'] as const).map((level) => (
              <button type="button" key={level} onClick={() => void send('sendSystemMessage', (u, o) => u.sendSystemMessage(message, level, o))}>{level}</button>
            ))}
          </Call>
        </div>

        <div class="fields">
          <div class="field wide">
            <label for="event-name">Event of your own</label>
            <input id="event-name" class="mono" autocomplete="off" spellcheck={false} maxLength={128} value={name} onInput={(e) => setName(e.currentTarget.value)} />
          </div>
          <JsonField label="Its data (JSON, or text)" rows={3} value={data} onInput={setData} />
          <div class="row wide">
            <button type="button" disabled={!typed.ok || name.trim() === ''}
              onClick={() => typed.ok && void send('sendCustomEvent', (u, o) => u.sendCustomEvent(name.trim(), typed.value, o))}>
              sendCustomEvent
            </button>
            <button type="button" disabled={!typed.ok || name.trim() === ''}
              onClick={() => typed.ok && void send('broadcast', (u) => u.broadcast(name.trim(), typed.value))}>
              broadcast to everybody
            </button>
          </div>
        </div>
        <div role="status">{answer !== null && <AnswerLine answer={answer} />}</div>
      </div>
    </section>
  )
}

function Call({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="call" role="group" aria-label={name}>
      <code>{name}</code>
      <div class="row">{children}</div>
    </div>
  )
}

function AnswerLine({ answer }: { answer: Answer }) {
  if (!answer.ok) return <p class="banner bad"><Icon name="error" /><span>{answer.call}: {answer.why}</span></p>
  const { eventsSent, id, persisted } = answer.result
  return (
    <p class="banner good">
      <Icon name="check" />
      <span>
        {answer.call}: queued for {plural(eventsSent, 'stream')}{persisted === true && ', and on disk'}
        {id !== undefined && <span class="mono"> {id}</span>}
      </span>
    </p>
  )
}
