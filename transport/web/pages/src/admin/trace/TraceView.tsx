import { useEffect, useState } from 'preact/hooks'
import { explain } from '../../shared/api'
import { count, plural, shorten } from '../../shared/format'
import { Icon } from '../../shared/parts/Icon'
import { useDashboard } from '../context'
import { describeTarget } from '../model/compose'
import type { Mailbox, Receiver, Trace } from '../model/wire'

/** Receivers of a page. */
const pageSize = 50

const receiverMood: Record<Receiver['state'], string> = { written: 'good', waiting: 'warn', dropped: 'bad', left: 'quiet' }
const mailboxWords: Record<Mailbox['state'], { text: string; mood: string }> = {
  kept: { text: 'kept', mood: 'info' },
  acknowledged: { text: 'acknowledged', mood: 'good' },
  pushedOut: { text: 'pushed out', mood: 'bad' },
  expired: { text: 'expired', mood: 'warn' },
  unknown: { text: 'can’t be read', mood: 'bad' },
}

/** What became of one event, stream by stream and mailbox by mailbox. */
export function TraceView({ id }: { id: string }) {
  const { server } = useDashboard()
  const [cursors, setCursors] = useState<readonly number[]>([0])
  const [trace, setTrace] = useState<Trace | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  const [turn, setTurn] = useState(0)
  const cursor = cursors.at(-1) ?? 0

  useEffect(() => {
    const closing = new AbortController()
    server.trace(id, cursor, pageSize, closing.signal).then(
      (answer) => {
        setTrace(answer)
        setFault(null)
      },
      (error: unknown) => {
        if (!closing.signal.aborted) setFault(explain(error))
      },
    )
    return () => closing.abort()
  }, [server, id, cursor, turn])

  if (fault !== null) return <p class="banner warn" role="status"><Icon name="warning" /><span>{fault}</span></p>
  if (trace === null) return <p class="muted" role="status">Asking…</p>
  return (
    <div class="trace">
      <dl class="facts">
        <div class="wide"><dt>Id</dt><dd class="mono">{trace.id}{trace.ownId !== undefined && <> · receivers see {trace.ownId}</>}</dd></div>
        <div><dt>For</dt><dd>{describeTarget(trace.to)}</dd></div>
        <div><dt>Queued for</dt><dd>{plural(trace.queued, 'stream')}</dd></div>
        <div><dt>Priority</dt><dd>{trace.priority}</dd></div>
        <div><dt>Persistent</dt><dd>{trace.persistent ? 'yes' : 'no'}</dd></div>
      </dl>
      {trace.mailboxes !== undefined && <Mailboxes boxes={trace.mailboxes} />}
      <div class="row">
        <h3 class="grow">Receivers</h3>
        <button type="button" class="icon-button" aria-label="Ask again" title="Ask again" onClick={() => setTurn(turn + 1)}>
          <Icon name="refresh" />
        </button>
      </div>
      {trace.receivers.length === 0
        ? <p class="muted">No stream{cursors.length > 1 ? ' on this page' : ' got it'}.</p>
        : <Receivers receivers={trace.receivers} />}
      {(cursors.length > 1 || trace.next !== undefined) && (
        <div class="row">
          <span class="muted grow">Page {count(cursors.length)}</span>
          <button type="button" disabled={cursors.length === 1} onClick={() => setCursors(cursors.slice(0, -1))}>Previous</button>
          <button type="button" disabled={trace.next === undefined} onClick={() => setCursors([...cursors, trace.next ?? 0])}>Next</button>
        </div>
      )}
    </div>
  )
}

function Receivers({ receivers }: { receivers: readonly Receiver[] }) {
  return (
    // It may scroll, and must then be reached by keyboard.
    <ul class="receivers" tabIndex={0} aria-label="Receivers">
      {receivers.map((r) => (
        <li key={r.clientId}>
          <span class={`pill ${receiverMood[r.state]}`}><i class="dot" />{r.state}</span>
          <span>{r.userId ?? r.sessionId ?? 'visitor'} <span class="muted mono">{shorten(r.clientId, 16)}</span></span>
          {r.why !== undefined && r.why !== '' && <span class="muted why">{r.why}</span>}
        </li>
      ))}
    </ul>
  )
}

function Mailboxes({ boxes }: { boxes: readonly Mailbox[] }) {
  return (
    <>
      <h3>Mailboxes</h3>
      <ul class="receivers">
        {boxes.map((box) => {
          const { text, mood } = mailboxWords[box.state]
          const name = describeTarget(box)
          return (
            <li key={name}>
              <span class={`pill ${mood}`}><i class="dot" />{text}</span>
              <span>{name}</span>
              {box.devices !== undefined && box.devices.length > 0 && (
                <span class="muted why">
                  {box.devices.map((d) => `${d.device} ${d.acknowledged ? 'has it' : 'has it not yet'}`).join(', ')}
                </span>
              )}
            </li>
          )
        })}
      </ul>
    </>
  )
}
