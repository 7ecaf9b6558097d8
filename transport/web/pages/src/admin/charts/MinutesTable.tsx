import { brief, bytes, count, latency, time } from '../../shared/format'
import { minutes } from '../model/metrics'
import type { Sample } from '../model/wire'

/** What the charts show, by the minute. */
export function MinutesTable({ samples }: { samples: readonly Sample[] }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="The last 15 minutes as a table">
      <table>
        <caption class="hidden">Means of each minute; the highest p99; drops in all of it</caption>
        <thead>
          <tr>
            <th scope="col">Minute from</th>
            {['Streams', 'Users', 'Events/s', 'Deliveries/s', 'p50', 'p99', 'Drops', 'Memory'].map((name) => (
              <th key={name} scope="col" class="number">{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {minutes(samples).map((minute) => (
            <tr key={minute.t}>
              <th scope="row">{time(minute.t)}</th>
              <td class="number">{count(Math.round(minute.streams))}</td>
              <td class="number">{count(Math.round(minute.users))}</td>
              <td class="number">{brief(minute.events)}</td>
              <td class="number">{brief(minute.deliveries)}</td>
              <td class="number">{latency(minute.p50)}</td>
              <td class="number">{latency(minute.p99)}</td>
              <td class="number">{count(minute.dropped)}</td>
              <td class="number">{bytes(minute.memory)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
