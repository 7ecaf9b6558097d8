// A React app that shows the components it is asked for, and reports all that
// their useSSE tells them.
import { StrictMode, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { useSSE, type UseSSEResult } from 'sseactor/react'
import type { Controls, Wish, Wishes } from '../harness/said.js'
import { optionsOf } from './shared/options.js'
import { report } from './shared/report.js'

type Result = UseSSEResult<Record<string, unknown>>

const wishes = JSON.parse(new URLSearchParams(location.search).get('wishes') ?? '{}') as Wishes
const latest: Record<string, Result> = {}
const renders: Record<string, number> = {}
let setShown: (change: (names: string[]) => string[]) => void = () => {}

const everything = ['isConnected', 'isConnecting', 'error', 'lastEvent', 'attempt', 'lastEventId', 'clientId', 'topics'] as const

function Listener ({ name, wish }: { name: string, wish: Wish }): null {
  renders[name] = (renders[name] ?? 0) + 1
  const sse = useSSE({
    ...optionsOf(name, wish),
    ...(wish.enabled !== undefined && { enabled: wish.enabled })
  })
  latest[name] = sse
  // A component is rendered again only for what it has read.
  for (const field of wish.reads ?? everything) void sse[field as keyof Result]
  const { status } = sse
  useEffect(() => { report({ by: name, kind: 'status', status }) }, [name, status])
  return null
}

function App (): React.ReactNode {
  const [shown, set] = useState(Object.keys(wishes))
  setShown = set
  return shown.map((name) => {
    const wish = wishes[name]
    return wish !== undefined && <Listener key={name} name={name} wish={wish} />
  })
}

const controls: Controls = {
  hide: (name) => { setShown((names) => names.filter((other) => other !== name)) },
  show: (name) => { setShown((names) => [...names, name]) },
  connect: (name) => { latest[name]?.connect() },
  disconnect: (name) => { latest[name]?.disconnect() },
  send: async (name, event, data, options) => await latest[name]?.sendEvent(event, data, options),
  renders: (name) => renders[name] ?? 0
}
Object.assign(window, { controls })

const root = document.getElementById('root')
if (root !== null) createRoot(root).render(<StrictMode><App /></StrictMode>)
