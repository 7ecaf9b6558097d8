// The client without React.
import { createSSEClient, type SSEClient } from 'sseactor'
import type { Controls, Wishes } from '../harness/said.js'
import { optionsOf } from './shared/options.js'
import { report } from './shared/report.js'

const wishes = JSON.parse(new URLSearchParams(location.search).get('wishes') ?? '{}') as Wishes
const clients: Record<string, SSEClient> = {}
for (const [by, wish] of Object.entries(wishes)) {
  const client = createSSEClient(optionsOf(by, wish))
  clients[by] = client
  let told = ''
  client.subscribe(() => {
    const { status } = client.getSnapshot()
    if (status === told) return
    told = status
    report({ by, kind: 'status', status })
  })
  client.connect()
}

const controls: Partial<Controls> = {
  connect: (name) => { clients[name]?.connect() },
  disconnect: (name) => { clients[name]?.disconnect() },
  send: async (name, event, data, options) => await clients[name]?.sendEvent(event, data, options)
}
Object.assign(window, { controls })
