import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { SSEError, Status } from 'sseactor'
import type { Store } from '../shared/store'
import type { ToastModel } from '../shared/toasts'
import type { Draft } from './model/compose'
import type { ConnectionsModel } from './model/connections'
import type { MetricsModel } from './model/metrics'
import type { Server, Whose } from './model/server'
import type { TailFilter, TailModel } from './model/tail'

/** What lies over the dashboard. */
export type Overlay =
  | { show: 'client'; id: string }
  | { show: 'trace'; id: string; data?: string; clipped?: boolean }
  | { show: 'end'; whose: Whose }
  | { show: 'blocks' }

/** How the stream is that the metrics come by. */
export interface Feed {
  status: Status
  error: SSEError | null
}

/** What the parts of the dashboard share, for as long as one key is signed in. */
export interface Dashboard {
  key: string
  server: Server
  metrics: MetricsModel
  feed: Store<Feed>
  connections: ConnectionsModel
  tail: TailModel
  tailFilter: Store<TailFilter>
  draft: Store<Draft>
  toasts: ToastModel
  overlay: Store<Overlay | null>
  /** The server does not take the key any more. */
  refused: (why: string) => void
}

export const DashboardContext = createContext<Dashboard | null>(null)

export function useDashboard(): Dashboard {
  const dashboard = useContext(DashboardContext)
  if (dashboard === null) throw new Error('outside of the dashboard')
  return dashboard
}
