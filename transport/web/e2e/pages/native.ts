// EventSource itself: the harness is tried with it, and it shows what a browser
// does without the package.
import type { Wishes } from '../harness/said.js'
import { report } from './shared/report.js'

const wishes = JSON.parse(new URLSearchParams(location.search).get('wishes') ?? '{}') as Wishes
for (const [by, { sessionId = '', url = '/api/sse' }] of Object.entries(wishes)) {
  const source = new EventSource(`${url}?${new URLSearchParams({ sessionId })}`)
  source.onopen = () => { report({ by, kind: 'status', status: 'open' }) }
  source.onerror = () => {
    report({ by, kind: 'status', status: source.readyState === EventSource.CLOSED ? 'closed' : 'waiting' })
  }
  source.addEventListener('count', (event) => {
    report({ by, kind: 'event', type: event.type, data: JSON.parse(event.data as string), id: event.lastEventId })
  })
}
