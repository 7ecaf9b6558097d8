import { memo } from 'preact/compat'
import { count, latency, preciseTime } from '../shared/format'
import { compactJson } from '../shared/json'
import { Icon } from '../shared/parts/Icon'
import { useStore } from '../shared/store'
import { useDemo } from './context'
import { historyRoom, type Arrival, type Entry, type Note } from './model/history'

/** What has come, newest first. */
export function HistoryPanel() {
  const { history } = useDemo()
  const { entries, total } = useStore(history)
  return (
    <section id="events" class="panel history" aria-labelledby="events-title" tabIndex={-1}>
      <header>
        <h2 id="events-title">Events</h2>
        <span class="muted grow">{total > 0 && `${count(total)} received${entries.length === historyRoom ? `, the last ${historyRoom} shown` : ''}`}</span>
        <button type="button" class="quiet" disabled={entries.length === 0} onClick={() => history.clear()}>Clear</button>
      </header>
      {entries.length === 0
        ? <p class="empty">Nothing yet. Send something: it comes back through the stream.</p>
        : (
          <div class="scroll" tabIndex={0} role="region" aria-label="Events, newest first">
            <ol>{entries.map((entry) => <Row key={entry.key} entry={entry} />)}</ol>
          </div>
        )}
    </section>
  )
}

const Row = memo(({ entry }: { entry: Entry }) => (entry.kind === 'note' ? <NoteRow note={entry} /> : <EventRow event={entry} />))

function NoteRow({ note: { at, mood, text } }: { note: Note }) {
  return (
    <li class="note-row">
      <Time at={at} />
      <span class={`text ${mood}`}><i class="dot" />{text}</span>
    </li>
  )
}

function EventRow({ event: { at, type, data, id, replayed, latency: took } }: { event: Arrival }) {
  return (
    <li>
      <Time at={at} />
      <p class="head">
        <strong>{type}</strong>
        {replayed && <span class="pill info"><Icon name="replay" />replayed</span>}
        {took !== null && (
          <span class="muted" title={took.measured ? 'from sending to arrival, by this page' : 'from the server’s clock to this machine’s'}>
            {took.measured ? '' : '≈ '}{latency(took.ms)}
          </span>
        )}
      </p>
      <code class="muted id">{id}</code>
      <pre class="data">{compactJson(data)}</pre>
    </li>
  )
}

function Time({ at }: { at: number }) {
  return <time class="mono muted" dateTime={new Date(at).toISOString()}>{preciseTime(at)}</time>
}
