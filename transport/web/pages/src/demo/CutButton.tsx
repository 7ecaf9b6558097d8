import { useState } from 'preact/hooks'
import { call, explain } from '../shared/api'
import { Icon } from '../shared/parts/Icon'
import { useDemo } from './context'
import { createUtils } from './model/send'
import { useDemoStream } from './useDemoStream'

/**
 * Ends the page's stream on the server, as a network that fails would, and sends three
 * events to the session before the page is back: they must come all the same.
 */
export function CutButton() {
  const { key, stream, history, toasts } = useDemo()
  const { clientId, status } = useDemoStream()
  const [cutting, setCutting] = useState(false)

  const cut = async () => {
    if (clientId === null) return
    setCutting(true)
    try {
      const utils = createUtils(key.get())
      const { sessionId } = stream.get()
      history.note('quiet', 'Cutting the stream; three events follow while the page is away')
      await call(key.get(), `/api/sse/admin/clients/${encodeURIComponent(clientId)}`, { method: 'DELETE' })
      for (const n of [1, 2, 3]) {
        const sentAt = performance.now()
        const { id } = await utils.sendNotification(`Sent while you were away (${n} of 3)`, 'info', { sessionId })
        if (id !== undefined) history.sent(id, sentAt)
      }
    } catch (error) {
      toasts.show({ mood: 'bad', label: 'Not cut', text: explain(error) })
    } finally {
      setCutting(false)
    }
  }

  return (
    <button type="button" class="danger" disabled={status !== 'open' || clientId === null || cutting} onClick={() => void cut()}>
      <Icon name="scissors" /> Cut my stream
    </button>
  )
}
