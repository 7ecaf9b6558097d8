import { memo } from 'preact/compat'
import { useNow } from '../../shared/clock'
import { age, count, none, shorten } from '../../shared/format'
import { useDashboard } from '../context'
import { isSlow } from '../model/connections'
import type { Client } from '../model/wire'

export function ConnectionRows({ rows, busy }: { rows: readonly Client[]; busy: boolean }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Table of connections" aria-busy={busy}>
      <table class="connections">
        <caption class="hidden">Connections, newest first</caption>
        <thead>
          <tr>
            <th scope="col">User</th>
            <th scope="col" class="roomy">Session</th>
            <th scope="col" class="roomy">Address</th>
            <th scope="col" class="number">Age</th>
            <th scope="col" class="number"><abbr title="Events waiting in the outbox">Queue</abbr></th>
            <th scope="col" class="number roomy">Delivered</th>
            <th scope="col" class="number">Dropped</th>
            <th scope="col" class="roomy">Last id</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((client) => <ConnectionRow key={client.id} client={client} />)}
        </tbody>
      </table>
    </div>
  )
}

const ConnectionRow = memo(({ client }: { client: Client }) => {
  const { overlay } = useDashboard()
  const open = () => overlay.set({ show: 'client', id: client.id })
  const slow = isSlow(client)
  return (
    <tr onClick={open}>
      <th scope="row">
        <button
          type="button" class="link name" aria-label={`Details of ${client.userId ?? 'a visitor'}, stream ${client.id}`}
          onClick={(e) => {
            e.stopPropagation()
            open()
          }}
        >
          {client.userId ?? 'visitor'}
        </button>
        {slow && <span class="pill warn">slow</span>}
        <small class="muted compact">{client.sessionId ?? client.address}</small>
      </th>
      <td class="roomy mono" title={client.sessionId}>{client.sessionId === undefined ? none : shorten(client.sessionId, 20)}</td>
      <td class="roomy mono">{client.address}</td>
      <td class="number"><Age since={client.since} /></td>
      <td class={client.queued > 0 ? 'number warn-text' : 'number'}>{count(client.queued)}</td>
      <td class="number roomy">{count(client.delivered)}</td>
      <td class={client.dropped > 0 ? 'number bad-text' : 'number'}>{count(client.dropped)}</td>
      <td class="roomy mono">{client.lastEventId ?? none}</td>
    </tr>
  )
})

function Age({ since }: { since: string }) {
  return <>{age(useNow() - Date.parse(since))}</>
}
