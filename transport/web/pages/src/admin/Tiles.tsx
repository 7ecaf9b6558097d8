import type { ComponentChildren } from 'preact'
import { brief, bytes, count, latency, none, plural } from '../shared/format'
import { useStore } from '../shared/store'
import { useDashboard } from './context'
import { droppedLately, lastPublished } from './model/metrics'

interface TileProps {
  label: string
  value: ComponentChildren
  note: ComponentChildren
  alert?: boolean
}

function Tile({ label, value, note, alert = false }: TileProps) {
  return (
    <div class={alert ? 'tile alert' : 'tile'}>
      <dt>{label}</dt>
      <dd class="value">{value}</dd>
      <dd class="note">{note}</dd>
    </div>
  )
}

/** The numbers of this second. */
export function Tiles() {
  const { latest, samples } = useStore(useDashboard().metrics)
  const sample = latest?.sample
  const max = latest?.limits.maxClients ?? 0
  const published = lastPublished(samples)
  const share = sample !== undefined && max > 0 ? sample.streams / max : 0
  const dropped = droppedLately(samples)
  return (
    <section id="overview" aria-labelledby="overview-title" tabIndex={-1}>
      <h2 id="overview-title" class="hidden">Overview</h2>
      <dl class="tiles">
        <Tile
          label="Streams" value={count(sample?.streams)} alert={share >= 0.9}
          note={<>
            {max > 0 ? `of ${count(max)}` : none}
            <meter min={0} max={1} high={0.9} optimum={0} value={share} aria-label="Streams of the limit" />
          </>}
        />
        <Tile label="Users" value={count(sample?.users)} note={latest === null ? none : plural(latest.summary.sessions, 'session')} />
        <Tile label="Events/s" value={brief(sample?.events)} note={latest === null ? none : `${brief(latest.summary.eventsDispatched)} in all`} />
        <Tile label="Deliveries/s" value={brief(sample?.deliveries)} note={sample === undefined ? none : `${bytes(sample.bytes)}/s`} />
        <Tile
          label="Publish p99" value={latency(published?.p99)}
          note={published === undefined ? 'nothing published yet' : published === sample ? `p50 ${latency(published.p50)}` : 'when last published'}
        />
        <Tile
          label="Drops, last minute" value={count(latest === null ? null : dropped)} alert={dropped > 0}
          note={latest === null ? none : `${brief(latest.summary.dropped)} in all`}
        />
        <Tile
          label="Memory" value={bytes(sample?.memory)}
          note={sample === undefined || latest === null ? none
            : sample.cpu === null ? plural(latest.memory.goroutines, 'goroutine') : `CPU ${Math.round(sample.cpu * 100)} % of a core`}
        />
      </dl>
    </section>
  )
}
