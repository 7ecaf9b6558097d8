import { useMemo } from 'preact/hooks'
import type { SSEError } from 'sseactor'
import { useDashboard } from './context'

/** What the dashboard's two streams have in common: the key, and what happens without it. */
export function useAdminStream() {
  const { key, refused } = useDashboard()
  return useMemo(() => ({
    ...(key !== '' && { getToken: () => key }),
    // What happened in between comes with the next `history`; events have no ids here.
    resume: false,
    onError: (error: SSEError) => {
      if (error.status === 401 || error.status === 403) refused('The server does not take this key any more.')
    },
  }), [key, refused])
}
