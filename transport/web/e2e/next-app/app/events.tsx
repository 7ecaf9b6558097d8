'use client'

import type { UtilityEvents } from 'sseactor/server'
import { useSSE } from 'sseactor/react'

interface Events extends UtilityEvents {
  headline: { text: string }
}

export interface EventsProps {
  /** The stream; by default this app passes it on. */
  url?: string
  withCredentials?: boolean
  device: string
}

/** What the test reads. */
interface Told { events: Array<{ type: string, id: string | undefined, text: string }>, gaps: string[], opened: number }
declare global {
  interface Window { told?: Told }
}

const told = (): Told => (window.told ??= { events: [], gaps: [], opened: 0 })

export function Events (props: EventsProps) {
  const { status, error, lastEvent } = useSSE<Events>({
    ...props,
    topics: ['news'],
    onOpen: () => { told().opened++ },
    onGap: ({ reason }) => { told().gaps.push(reason) },
    onEvent: (event) => { told().events.push({ type: event.type, id: event.id, text: textOf(event) }) }
  })
  return (
    <section>
      <p>Events: <output id="status">{status}</output> <output id="error">{error?.code}</output></p>
      <p role="status" id="last">{lastEvent && textOf(lastEvent)}</p>
    </section>
  )
}

type AnyEvent = NonNullable<ReturnType<typeof useSSE<Events>>['lastEvent']>

function textOf (event: AnyEvent): string {
  switch (event.type) {
    case 'update': return `${event.data.resource} ${event.data.action}: ${JSON.stringify(event.data.data)}`
    case 'notification': return event.data.message
    case 'headline': return event.data.text
    default: return event.type
  }
}
