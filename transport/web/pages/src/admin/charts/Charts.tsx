import { useState } from 'preact/hooks'
import { brief, bytes, count, latency } from '../../shared/format'
import { useStorePart } from '../../shared/store'
import { useDashboard } from '../context'
import { Chart, type Series } from './Chart'
import { MinutesTable } from './MinutesTable'

const streams: Series[] = [{ label: 'Streams', read: (s) => s.streams, format: count, side: 'left' }]
const flow: Series[] = [
  { label: 'Events/s', read: (s) => s.events, format: brief, side: 'left' },
  { label: 'Deliveries/s', read: (s) => s.deliveries, format: brief, side: 'right' },
]
const publishing: Series[] = [
  { label: 'p50', read: (s) => s.p50, format: latency, side: 'left' },
  { label: 'p99', read: (s) => s.p99, format: latency, side: 'left' },
]
const strain: Series[] = [
  { label: 'Memory', read: (s) => s.memory, format: bytes, side: 'left', binary: true },
  { label: 'Dropped/s', read: (s) => s.dropped, format: brief, side: 'right' },
]

/** The last quarter of an hour: as charts, or as a table for whoever can't see them. */
export function Charts() {
  const samples = useStorePart(useDashboard().metrics, (m) => m.samples)
  const [asTable, setAsTable] = useState(false)
  return (
    <section class="panel" aria-labelledby="charts-title">
      <header>
        <h2 id="charts-title" class="grow">Last 15 minutes</h2>
        <button type="button" class="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          {asTable ? 'Show charts' : 'Show as a table'}
        </button>
      </header>
      {asTable ? <MinutesTable samples={samples} /> : (
        <div class="charts">
          <Chart title="Streams" series={streams} samples={samples} />
          <Chart title="Events and deliveries" series={flow} samples={samples} />
          <Chart title="Publish latency" series={publishing} samples={samples} />
          <Chart title="Memory and drops" series={strain} samples={samples} />
        </div>
      )}
    </section>
  )
}
