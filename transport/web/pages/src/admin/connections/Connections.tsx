import { useEffect, useState } from 'preact/hooks'
import { count, latency } from '../../shared/format'
import { Icon } from '../../shared/parts/Icon'
import { useStore } from '../../shared/store'
import { useDashboard } from '../context'
import { noFilter } from '../model/connections'
import { ConnectionRows } from './ConnectionRows'

/** How often the table asks again by itself, while the page is in sight. */
const refreshMs = 5_000

const exact = [
  { name: 'userId', label: 'User is' },
  { name: 'sessionId', label: 'Session is' },
  { name: 'topic', label: 'Subscribes to topic' },
] as const

/** Who is connected: searched by the server, a page at a time. */
export function Connections() {
  const { connections, overlay } = useDashboard()
  const { filter, rows, total, page, hasNext, loading, loaded, fault, tookMs, announcement } = useStore(connections)
  const [more, setMore] = useState(false)
  const filtered = filter !== noFilter && Object.values(filter).some((value) => value !== '' && value !== false)

  useEffect(() => {
    void connections.refresh(true)
    const timer = setInterval(() => {
      if (!document.hidden) void connections.refresh(false)
    }, refreshMs)
    return () => clearInterval(timer)
  }, [connections])

  return (
    <section id="connections" class="panel" aria-labelledby="connections-title" tabIndex={-1}>
      <header>
        <h2 id="connections-title">Connections</h2>
        <span class="muted grow">{total === null ? '' : count(total)}</span>
        <div class="search">
          <Icon name="search" />
          <input
            type="search" aria-label="Search connections" placeholder="User, session, address, topic, id…" autocomplete="off" spellcheck={false}
            maxLength={128} value={filter.search} onInput={(e) => connections.setFilter({ search: e.currentTarget.value })}
          />
        </div>
        <label class="check">
          <input type="checkbox" checked={filter.slow} onChange={(e) => connections.setFilter({ slow: e.currentTarget.checked })} />
          Slow only
        </label>
        <button type="button" class="quiet" aria-expanded={more} aria-controls="exact-filters" onClick={() => setMore(!more)}>
          Filters <Icon name="down" />
        </button>
        <button type="button" class="quiet" onClick={() => overlay.set({ show: 'blocks' })}>Kept out…</button>
        <button type="button" class="icon-button" aria-label="Refresh" title="Refresh" onClick={() => void connections.refresh(true)}>
          <Icon name="refresh" />
        </button>
      </header>
      <div id="exact-filters" class="body filters fields" hidden={!more}>
        {exact.map(({ name, label }) => (
          <div class="field" key={name}>
            <label for={`exact-${name}`}>{label}</label>
            <input
              id={`exact-${name}`} autocomplete="off" spellcheck={false} maxLength={128} value={filter[name]}
              onInput={(e) => connections.setFilter({ [name]: e.currentTarget.value })}
            />
          </div>
        ))}
      </div>
      {fault !== null && <div class="body"><p class="banner bad" role="alert"><Icon name="error" /><span>{fault}</span></p></div>}
      {rows.length > 0
        ? <ConnectionRows rows={rows} busy={loading} />
        : loaded && fault === null && (
          <div class="empty">
            <p>{filtered ? 'No connection is like that.' : 'Nobody is connected.'}</p>
            {filtered && <button type="button" class="link" onClick={() => void connections.show(noFilter)}>Clear the filters</button>}
          </div>
        )}
      <footer class="pager">
        <p class="muted grow">
          {loaded && `Page ${page + 1}`}{tookMs !== null && ` · answered in ${latency(tookMs)}`}
        </p>
        <p class="hidden" role="status">{announcement}</p>
        <button type="button" disabled={page === 0} onClick={() => void connections.previous()}><Icon name="back" /> Previous</button>
        <button type="button" disabled={!hasNext} onClick={() => void connections.next()}>Next <Icon name="next" /></button>
      </footer>
    </section>
  )
}
