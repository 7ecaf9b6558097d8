import { useCallback, useEffect, useState } from 'preact/hooks'
import type { EventOf } from 'sseactor'
import { useSSE } from 'sseactor/react'
import { count } from '../../shared/format'
import { Connection } from '../../shared/parts/Connection'
import { Icon } from '../../shared/parts/Icon'
import { useStore } from '../../shared/store'
import { useDashboard } from '../context'
import { isFiltered, tailUrl } from '../model/tail'
import type { AdminEvents } from '../model/wire'
import { useAdminStream } from '../stream'
import { TailFilters } from './TailFilters'
import { TailRows } from './TailRows'

/** What happens as it happens: connects, disconnects, sends and refusals. */
export function Tail() {
  const { tail, tailFilter } = useDashboard()
  const filter = useStore(tailFilter)
  const { paused, waiting, waitingLost, shown, seen, rows } = useStore(tail)
  const [more, setMore] = useState(false)
  const common = useAdminStream()
  const { status } = useSSE<AdminEvents>({
    ...common,
    url: tailUrl(filter),
    onEvent: useCallback((event: EventOf<AdminEvents>) => {
      if (event.type === 'activity') tail.take(event.data)
    }, [tail]),
  })

  useEffect(() => {
    if (status === 'open') tail.startWatching(Date.now())
    else tail.stopWatching(Date.now())
  }, [tail, status])
  // What came through another filter is not what this one lets through.
  useEffect(() => tailFilter.subscribe(() => tail.clear()), [tail, tailFilter])
  // A filter that was set elsewhere is shown.
  useEffect(() => tailFilter.subscribe(() => {
    if (isFiltered(tailFilter.get())) setMore(true)
  }), [tailFilter])

  return (
    <section id="events" class="panel tail" aria-labelledby="events-title" tabIndex={-1}>
      <header>
        <h2 id="events-title">Live events</h2>
        <Connection status={status} />
        <span class="muted grow">{seen > shown && `Sampled: showing ${count(shown)} of ${count(seen)}`}</span>
        <button type="button" aria-pressed={paused} onClick={() => (paused ? tail.resume() : tail.pause())}>
          <Icon name={paused ? 'play' : 'pause'} />
          {paused ? `Resume${waiting > 0 ? ` (${count(waiting)})` : ''}` : 'Pause'}
        </button>
        <button type="button" class="quiet" aria-expanded={more} aria-controls="tail-filters" onClick={() => setMore(!more)}>
          {isFiltered(filter) ? 'Filters (on)' : 'Filters'} <Icon name="down" />
        </button>
        <button type="button" class="icon-button" aria-label="Clear" title="Clear" onClick={() => tail.clear()}><Icon name="trash" /></button>
      </header>
      <div id="tail-filters" class="body filters" hidden={!more}><TailFilters /></div>
      {waitingLost > 0 && <p class="note tail-note">The oldest {count(waitingLost)} of those that wait no longer fit.</p>}
      <TailRows rows={rows} filtered={isFiltered(filter)} />
    </section>
  )
}
