import { useSSE, type UseSSEOptions } from 'sseactor/react'
import { useStore } from '../shared/store'
import { useDemo } from './context'

/**
 * The page's one stream. Each part of the page that calls this shares it, and renders only
 * for the fields that it reads.
 */
export function useDemoStream(handlers: Pick<UseSSEOptions, 'onEvent' | 'onGap'> = {}) {
  const { stream, wire } = useDemo()
  const { sessionId, topics } = useStore(stream)
  return useSSE({ sessionId, topics, fetch: wire.fetch, ...handlers })
}
