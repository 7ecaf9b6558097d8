import { useCallback, useEffect } from 'preact/hooks'
import type { EventOf, Status } from 'sseactor'
import { useSSE } from 'sseactor/react'
import { Connection } from '../shared/parts/Connection'
import { useDashboard } from './context'
import type { AdminEvents } from './model/wire'
import { useAdminStream } from './stream'

// This page's own stream; what the server is like stands beside it.
const words: Record<Status, string> = {
  idle: 'Not live', connecting: 'Connecting', open: 'Live', waiting: 'Reconnecting', offline: 'Offline', closed: 'Not live',
}

/** Takes the metrics from the server, and says how that goes. */
export function MetricsFeed() {
  const { metrics, feed } = useDashboard()
  const common = useAdminStream()
  const { status, error } = useSSE<AdminEvents>({
    ...common,
    url: '/api/sse/admin/stream?include=metrics',
    onEvent: useCallback((event: EventOf<AdminEvents>) => {
      if (event.type === 'history') metrics.history(event.data)
      if (event.type === 'metrics') metrics.metrics(event.data, Date.now())
    }, [metrics]),
  })
  useEffect(() => feed.set({ status, error }), [feed, status, error])
  return <span role="status"><Connection status={status} words={words} /></span>
}
