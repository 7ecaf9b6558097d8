import { useState } from 'preact/hooks'
import { bytes, count, none } from '../shared/format'
import { Ago, In } from '../shared/parts/Ago'
import { Icon } from '../shared/parts/Icon'
import { useStore } from '../shared/store'
import { CutButton } from './CutButton'
import { useDemo } from './context'
import { names } from './model/send'
import { useDemoStream } from './useDemoStream'

/** Who the page is, and its stream: connect, disconnect, cut. */
export function ConnectionPanel() {
  const { stream, key } = useDemo()
  const apiKey = useStore(key)
  const [sessionId, setSessionId] = useState(stream.get().sessionId)
  const [topics, setTopics] = useState(stream.get().topics.join(', '))
  const { status, connect, disconnect } = useDemoStream()
  const on = status === 'open' || status === 'connecting' || status === 'waiting' || status === 'offline'

  const submit = (e: Event) => {
    e.preventDefault()
    const before = stream.get()
    const wanted = { sessionId: sessionId.trim(), topics: names(topics) }
    if (wanted.sessionId === before.sessionId && wanted.topics.join() === before.topics.join()) connect()
    else stream.set(wanted) // another stream, which connects by itself
  }

  return (
    <section class="panel" aria-labelledby="stream-title">
      <header><h2 id="stream-title">Stream</h2></header>
      <form class="body fields" onSubmit={submit}>
        <div class="field">
          <label for="session">Session</label>
          <input id="session" class="mono" required maxLength={128} autocomplete="off" spellcheck={false} value={sessionId}
            onInput={(e) => setSessionId(e.currentTarget.value)} />
        </div>
        <div class="field">
          <label for="topics">Topics</label>
          <input id="topics" class="mono" placeholder="news, orders" autocomplete="off" spellcheck={false} value={topics}
            onInput={(e) => setTopics(e.currentTarget.value)} />
        </div>
        <div class="field wide">
          <label for="key">API key, for sending</label>
          <input id="key" type="password" class="mono" autocomplete="off" spellcheck={false} value={apiKey}
            aria-describedby="key-note" onInput={(e) => key.set(e.currentTarget.value.trim())} />
          <p id="key-note" class="note" hidden={apiKey !== ''}><code>make run</code> prints a link that has it.</p>
        </div>
        <div class="row wide">
          <button class="primary">{on ? 'Reconnect' : 'Connect'}</button>
          <button type="button" disabled={!on} onClick={disconnect}>Disconnect</button>
          <CutButton />
        </div>
      </form>
      <Facts />
    </section>
  )
}

function Facts() {
  const { wire } = useDemo()
  const { resume } = useStore(wire)
  const { clientId, lastEventId, attempt, error, status } = useDemoStream()
  return (
    <dl class="facts body ruled">
      <div class="wide"><dt>Client id</dt><dd class="mono">{clientId ?? none}</dd></div>
      <div class="wide"><dt>Last event id</dt><dd class="mono">{lastEventId ?? none}</dd></div>
      <div>
        <dt>Resume</dt>
        <dd>{resume === null ? none : `${resume.status}, ${resume.replayed === undefined ? 'replaying' : `${count(resume.replayed)} replayed`}`}</dd>
      </div>
      <div><dt>Failed attempts</dt><dd>{attempt}</dd></div>
      <div><dt>Next attempt</dt><dd>{status === 'waiting' ? <NextAttempt key={attempt} error={error} /> : none}</dd></div>
      <div><dt>Heartbeat</dt><dd><Heartbeat /></dd></div>
      <div><dt>Received</dt><dd><Received /></dd></div>
      {error !== null && (
        <div class="wide" role="status">
          <p class="banner warn"><Icon name="warning" /><span>{error.message} ({error.code})</span></p>
        </div>
      )}
    </dl>
  )
}

function NextAttempt({ error }: { error: { retryIn?: number | undefined } | null }) {
  const [since] = useState(Date.now)
  return error?.retryIn === undefined ? <>{none}</> : <In at={since + error.retryIn} />
}

// These two render for every chunk and every second, and nothing around them does.

function Heartbeat() {
  const { heartbeatAt } = useStore(useDemo().wire)
  return <>{heartbeatAt === null ? 'none yet' : <Ago at={heartbeatAt} />}</>
}

function Received() {
  const { bytes: n } = useStore(useDemo().wire)
  return <>{bytes(n)}</>
}
