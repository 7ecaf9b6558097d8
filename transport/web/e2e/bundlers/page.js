// A page in plain JavaScript, which any bundler takes without a setting.
import { createElement, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createSSEClient } from 'sseactor'
import { useSSE } from 'sseactor/react'

let count = 0
const report = (said) => window.hear(String(count++), said)
const heard = (by) => ({ type, data, id }) => report({ by, kind: 'event', type, data, id })
const status = (by, value) => report({ by, kind: 'status', status: value })

function Listener () {
  const { isConnected } = useSSE({ sessionId: 's', shareAcrossTabs: true, onEvent: heard('hook') })
  if (isConnected) status('hook', 'open')
  return null
}

createRoot(document.getElementById('root')).render(createElement(StrictMode, null, createElement(Listener)))

const client = createSSEClient({ sessionId: 's', onEvent: heard('client'), onOpen: () => status('client', 'open') })
client.connect()
