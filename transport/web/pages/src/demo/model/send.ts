import { createSSEUtils, type NotificationOptions, type SSEUtils } from 'sseactor/server'

export const targets = ['session', 'stream', 'topics', 'everybody'] as const
export type TargetChoice = (typeof targets)[number]

export interface SendSettings {
  to: TargetChoice
  priority: 'low' | 'normal' | 'high'
  persistent: boolean
}

/** Who this page is, on the server's side. */
export interface Self {
  sessionId: string
  clientId: string | null
  topics: readonly string[]
}

/** The options of a call, or why it can't be made. */
export function optionsFor({ to, priority, persistent }: SendSettings, self: Self): NotificationOptions {
  const how = { priority, persistent }
  switch (to) {
    case 'session': return { sessionId: self.sessionId, ...how }
    case 'everybody': return how
    case 'topics':
      if (self.topics.length === 0) throw new Error('There are no topics: name some beside the session, and connect.')
      return { topics: [...self.topics], ...how }
    case 'stream':
      if (self.clientId === null) throw new Error('There is no stream: connect first.')
      if (persistent) throw new Error('Persistent events are not for a single stream: once gone it never comes back.')
      return { clientIds: [self.clientId], priority }
  }
}

/** The package's own utilities; apps call them on their servers, and they run here as well. */
export function createUtils(apiKey: string): SSEUtils {
  if (apiKey === '') throw new Error('Sending needs an API key. `make run` prints a link that has it.')
  return createSSEUtils({
    url: location.origin, apiKey, retries: 1, throwOnError: true,
    onError: () => {}, // it is thrown as well, and shown
  })
}

export const names = (list: string): string[] => [...new Set(list.split(/[\s,]+/).filter((name) => name !== ''))]
