import type { Status } from 'sseactor'

/** What a stream's status is called. The mark's shape tells it as well as its colour. */
export const statusWords: Record<Status, string> = {
  idle: 'Not connected',
  connecting: 'Connecting',
  open: 'Connected',
  waiting: 'Waiting to reconnect',
  offline: 'Offline',
  closed: 'Disconnected',
}

export const statusMood: Record<Status, 'good' | 'warn' | 'bad' | 'quiet'> = {
  idle: 'quiet', connecting: 'warn', open: 'good', waiting: 'warn', offline: 'bad', closed: 'quiet',
}

export function Connection({ status, words = statusWords }: { status: Status; words?: Record<Status, string> }) {
  return (
    <span class={`pill ${statusMood[status]}`}>
      <i class="dot" />{words[status]}
    </span>
  )
}
