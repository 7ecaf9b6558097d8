import { useEffect, useState } from 'preact/hooks'
import { explain, Refused } from '../../shared/api'
import { bytes, count, none, preciseTime } from '../../shared/format'
import { Ago } from '../../shared/parts/Ago'
import { Dialog } from '../../shared/parts/Dialog'
import { Icon } from '../../shared/parts/Icon'
import { useDashboard } from '../context'
import { blank } from '../model/compose'
import { everything } from '../model/tail'
import type { Client } from '../model/wire'

/** How often the details are asked for anew. */
const refreshMs = 2_000

/** One stream, with what can be done about it. */
export function ClientDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const { server, overlay, draft, tailFilter, toasts, connections } = useDashboard()
  const [client, setClient] = useState<Client | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  const [sure, setSure] = useState(false)
  const [ending, setEnding] = useState(false)

  useEffect(() => {
    const closing = new AbortController()
    let timer: ReturnType<typeof setTimeout>
    const ask = async () => {
      try {
        setClient(await server.client(id, closing.signal))
        setFault(null)
      } catch (error) {
        if (closing.signal.aborted) return
        if (error instanceof Refused && error.status === 404) {
          setFault('This stream has ended.')
          return // it does not come back: a new one has another id
        }
        setFault(explain(error))
      }
      if (!closing.signal.aborted) timer = setTimeout(() => void ask(), refreshMs)
    }
    void ask()
    return () => {
      closing.abort()
      clearTimeout(timer)
    }
  }, [server, id])

  const end = async () => {
    setEnding(true)
    try {
      const { disconnected } = await server.end(id)
      toasts.show({ mood: 'good', label: 'Disconnected', text: `${count(disconnected)} stream was ended. Its client may come back.` })
      void connections.refresh(false)
      onClose()
    } catch (error) {
      setFault(explain(error))
      setEnding(false)
    }
  }

  const go = (anchor: string) => {
    onClose()
    // The dialog gives the focus back first.
    requestAnimationFrame(() => {
      document.getElementById(anchor)?.scrollIntoView()
      document.getElementById(anchor)?.focus()
    })
  }

  return (
    <Dialog title="Stream" shape="side" onClose={onClose}>
      <div class="body">
        {fault !== null && <p class="banner warn" role="status"><Icon name="warning" /><span>{fault}</span></p>}
        {client === null && fault === null && <p class="muted">Asking…</p>}
        {client !== null && (
          <dl class="facts">
            <div><dt>User</dt><dd>{client.userId ?? 'visitor'}</dd></div>
            <div><dt>Session</dt><dd class="mono">{client.sessionId ?? none}</dd></div>
            <div class="wide"><dt>Stream</dt><dd class="mono">{client.id}</dd></div>
            <div class="wide"><dt>Topics</dt><dd>{client.topics?.join(', ') ?? none}</dd></div>
            <div><dt>Address</dt><dd class="mono">{client.address}</dd></div>
            <div><dt>Open since</dt><dd>{preciseTime(new Date(client.since))}<br /><span class="muted"><Ago at={Date.parse(client.since)} /></span></dd></div>
            <div><dt>Last write</dt><dd><Ago at={Date.parse(client.lastWrite)} /></dd></div>
            <div><dt>Session ends</dt><dd>{client.expires === undefined ? none : preciseTime(new Date(client.expires))}</dd></div>
            <div><dt>Queue</dt><dd>{count(client.queued)} events, {bytes(client.queuedBytes)}</dd></div>
            <div><dt>Delivered</dt><dd>{count(client.delivered)}</dd></div>
            <div><dt>Dropped</dt><dd>{count(client.dropped)}{client.rateLimited !== undefined && `, ${count(client.rateLimited)} by rate`}</dd></div>
            <div class="wide"><dt>Last event for it</dt><dd class="mono">{client.lastEventId ?? none}</dd></div>
            <div class="wide"><dt>Agent</dt><dd>{client.agent ?? none}</dd></div>
          </dl>
        )}
      </div>
      {client !== null && (
        <footer>
          <button
            type="button"
            onClick={() => {
              draft.set({ ...blank, to: 'streams', name: client.id })
              go('send')
            }}
          >
            <Icon name="send" /> Send to it
          </button>
          <button
            type="button"
            onClick={() => {
              // Whose it is: events for a user or a session name no stream.
              const { userId, sessionId, id: clientId } = client
              tailFilter.set({ ...everything, ...(userId !== undefined ? { userId } : sessionId !== undefined ? { sessionId } : { clientId }) })
              go('events')
            }}
          >
            Watch live
          </button>
          {client.lastEventId !== undefined && (
            <button type="button" onClick={() => overlay.set({ show: 'trace', id: client.lastEventId ?? '' })}>Trace last event</button>
          )}
          {client.userId !== undefined && (
            <button type="button" class="danger" onClick={() => overlay.set({ show: 'end', whose: { userId: client.userId ?? '' } })}>
              End all of user…
            </button>
          )}
          {client.sessionId !== undefined && (
            <button type="button" class="danger" onClick={() => overlay.set({ show: 'end', whose: { sessionId: client.sessionId ?? '' } })}>
              End all of session…
            </button>
          )}
          {sure
            ? <button type="button" class="danger primary" disabled={ending} onClick={() => void end()}>Yes, end this 1 stream</button>
            : <button type="button" class="danger" onClick={() => setSure(true)}>Disconnect…</button>}
        </footer>
      )}
    </Dialog>
  )
}
