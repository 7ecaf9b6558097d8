import { useEffect, useMemo } from 'preact/hooks'
import type { Gap, SSEEvent } from 'sseactor'
import { loadKey, saveKey } from '../shared/key'
import { Brand } from '../shared/parts/Brand'
import { Connection } from '../shared/parts/Connection'
import { ThemeSwitch } from '../shared/parts/ThemeSwitch'
import { Toasts } from '../shared/parts/Toasts'
import { ConnectionPanel } from './ConnectionPanel'
import { createDemo, DemoContext, useDemo } from './context'
import { HistoryPanel } from './HistoryPanel'
import { announce } from './model/announce'
import { SendPanel } from './SendPanel'
import { loadSession, saveSession } from './session'
import { useDemoStream } from './useDemoStream'

export function DemoPage() {
  const demo = useMemo(() => createDemo({ sessionId: loadSession(), topics: [] }, loadKey()), [])
  useEffect(() => {
    saveSession(demo.stream.get().sessionId)
    const stops = [
      demo.stream.subscribe(() => saveSession(demo.stream.get().sessionId)),
      demo.key.subscribe(() => saveKey(demo.key.get())),
    ]
    return () => stops.forEach((stop) => stop())
  }, [demo])
  return (
    <DemoContext.Provider value={demo}>
      <a class="skip" href="#events">Skip to the events</a>
      <header class="bar">
        <Brand page="Demo" />
        <div class="grow" />
        <Listener />
        <a class="button" href="/admin">Dashboard</a>
        <ThemeSwitch />
      </header>
      <main class="demo">
        <div class="stack">
          <ConnectionPanel />
          <SendPanel />
        </div>
        <HistoryPanel />
      </main>
      <Toasts model={demo.toasts} label="Notifications" />
    </DemoContext.Provider>
  )
}

/** Hears every event, and shows what there is to show of it. */
function Listener() {
  const { history, wire, toasts } = useDemo()
  const { status } = useDemoStream({
    onEvent: (event: SSEEvent) => {
      history.arrived(event, wire.takeReplayed(event.id))
      const toast = announce(event.type, event.data)
      if (toast !== null) toasts.show(toast)
    },
    onGap: ({ reason }: Gap) => {
      if (reason !== 'dropped') history.note('warn', `Something may be missing (${reason}): an app would load its state anew here`)
    },
  })
  return <span role="status"><Connection status={status} /></span>
}
