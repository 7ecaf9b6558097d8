import { useEffect, useMemo } from 'preact/hooks'
import { perFrame } from '../shared/frame'
import { Toasts } from '../shared/parts/Toasts'
import { Store } from '../shared/store'
import { ToastModel } from '../shared/toasts'
import { Charts } from './charts/Charts'
import { Composer } from './Composer'
import { Connections } from './connections/Connections'
import { DashboardContext, type Dashboard, type Feed, type Overlay } from './context'
import { Health } from './Health'
import { Stale } from './Stale'
import { blank, type Draft } from './model/compose'
import { ConnectionsModel } from './model/connections'
import { MetricsModel } from './model/metrics'
import { createServer } from './model/server'
import { everything, TailModel, type TailFilter } from './model/tail'
import { Overlays } from './Overlays'
import { Tail } from './tail/Tail'
import { Tiles } from './Tiles'
import { TracePanel } from './trace/TracePanel'

interface Props {
  apiKey: string
  onLeave: (why: string | null) => void
}

export function DashboardPage({ apiKey, onLeave }: Props) {
  const dashboard = useMemo<Dashboard>(() => {
    const server = createServer(apiKey)
    const refused = (why: string) => onLeave(why)
    const tail: TailModel = new TailModel(perFrame(() => tail.flush()))
    return {
      key: apiKey, server, tail, refused,
      metrics: new MetricsModel(),
      feed: new Store<Feed>({ status: 'idle', error: null }),
      connections: new ConnectionsModel(server, () => refused('The server does not take this key any more.')),
      tailFilter: new Store<TailFilter>(everything),
      draft: new Store<Draft>(blank),
      toasts: new ToastModel(),
      overlay: new Store<Overlay | null>(null),
    }
  }, [apiKey, onLeave])

  useEffect(() => () => dashboard.connections.stop(), [dashboard])

  return (
    <DashboardContext.Provider value={dashboard}>
      <a class="skip" href="#connections">Skip to the connections</a>
      <Health onSignOut={() => onLeave(null)} />
      <main class="dashboard">
        <Stale />
        <Tiles />
        <Charts />
        <Connections />
        <div class="pair">
          <Tail />
          <div class="stack">
            <Composer />
            <TracePanel />
          </div>
        </div>
      </main>
      <Overlays />
      <Toasts model={dashboard.toasts} label="Messages" />
    </DashboardContext.Provider>
  )
}
