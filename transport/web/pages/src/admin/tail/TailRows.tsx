import { memo } from 'preact/compat'
import { age, bytes, duration, plural, preciseTime, shorten } from '../../shared/format'
import { Icon, type IconName } from '../../shared/parts/Icon'
import { useDashboard } from '../context'
import { describeTarget } from '../model/compose'
import type { TailRow } from '../model/tail'
import type { Activity, Kind } from '../model/wire'

const kindLooks: Record<Kind, { word: string; icon: IconName; mood: string }> = {
  connect: { word: 'connect', icon: 'in', mood: 'good' },
  disconnect: { word: 'leave', icon: 'out', mood: 'quiet' },
  send: { word: 'send', icon: 'send', mood: 'info' },
  refuse: { word: 'refuse', icon: 'refuse', mood: 'bad' },
}

export function TailRows({ rows, filtered }: { rows: readonly TailRow[]; filtered: boolean }) {
  if (rows.length === 0) {
    return <p class="empty">{filtered ? 'Nothing like that has happened since you look.' : 'Nothing has happened since you look.'}</p>
  }
  return (
    // No live region: it would never be silent.
    <div class="scroll tail-rows" tabIndex={0} role="region" aria-label="Live events, newest first">
      <ol>{rows.map((row) => <Row key={row.key} row={row} />)}</ol>
    </div>
  )
}

const Row = memo(({ row }: { row: TailRow }) => {
  if ('unwatched' in row) {
    const { from, to } = row.unwatched
    return <li class="unwatched muted">not watched for {age(to - from)}, until {preciseTime(to)}</li>
  }
  const { item } = row
  const { word, icon, mood } = kindLooks[item.kind]
  return (
    <li class={mood}>
      <time dateTime={new Date(item.t).toISOString()}>{preciseTime(item.t)}</time>
      <span class={`kind ${mood}`}><Icon name={icon} />{word}</span>
      {item.event === undefined ? <Stream item={item} /> : <Sent item={item} />}
      <Link item={item} />
      {item.data !== undefined && item.data !== '' && <p class="mono muted preview">{item.data}{item.clipped === true ? '…' : ''}</p>}
    </li>
  )
})

/** An event that was sent, or refused. */
function Sent({ item }: { item: Activity }) {
  return (
    <p class="what">
      <strong>{item.event}</strong> → {describeTarget(item.to)}
      <span class="muted">
        {item.reason !== undefined && ` · ${item.reason}`}
        {item.queued !== undefined && ` · ${plural(item.queued, 'stream')}`}
        {item.bytes !== undefined && ` · ${bytes(item.bytes)}`}
        {item.priority !== undefined && item.priority !== 'normal' && ` · ${item.priority}`}
        {item.persistent === true && ' · persistent'}
        {item.by !== undefined && ` · by ${item.by}`}
      </span>
    </p>
  )
}

/** A stream that was opened, ended or refused. */
function Stream({ item }: { item: Activity }) {
  return (
    <p class="what">
      <strong>{item.userId ?? 'visitor'}</strong>
      <span class="muted">
        {item.sessionId !== undefined && ` · session ${shorten(item.sessionId, 20)}`}
        {item.address !== undefined && ` · ${item.address}`}
        {item.topics !== undefined && item.topics.length > 0 && ` · ${item.topics.join(', ')}`}
        {item.reason !== undefined && ` · ${item.reason}`}
        {item.openMs !== undefined && ` after ${duration(item.openMs)}`}
      </span>
    </p>
  )
}

/** Where one goes from a row: to the event's trace, or to the stream. */
function Link({ item }: { item: Activity }) {
  const { overlay } = useDashboard()
  const { id, clientId } = item
  if (id !== undefined) {
    const open = () => overlay.set({
      show: 'trace', id, ...(item.data !== undefined && { data: item.data }), ...(item.clipped !== undefined && { clipped: item.clipped }),
    })
    return (
      <button type="button" class="link mono" title="Where did it go?" onClick={open}>
        <span class="hidden">Where did it go? </span>{shorten(id, 18)}
      </button>
    )
  }
  if (clientId !== undefined && item.kind === 'connect') {
    return (
      <button type="button" class="link mono" title="Details" onClick={() => overlay.set({ show: 'client', id: clientId })}>
        <span class="hidden">Details of stream </span>{shorten(clientId, 12)}
      </button>
    )
  }
  return <span class="mono muted">{clientId === undefined ? '' : shorten(clientId, 12)}</span>
}
