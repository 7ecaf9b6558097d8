import { useEffect, useState } from 'preact/hooks'
import { explain } from '../../shared/api'
import { plural } from '../../shared/format'
import { Dialog } from '../../shared/parts/Dialog'
import { Icon } from '../../shared/parts/Icon'
import { useDashboard } from '../context'
import { countStreams, type Whose } from '../model/server'

const blocks = [
  { value: '', label: 'They may come back at once' },
  { value: '1m', label: 'Keep out for 1 minute' },
  { value: '15m', label: 'Keep out for 15 minutes' },
  { value: '1h', label: 'Keep out for 1 hour' },
  { value: '24h', label: 'Keep out for 24 hours' },
  { value: '168h', label: 'Keep out for 7 days' },
]

export function nameOf(whose: Whose): string {
  if (whose.userId !== undefined) return `user ${whose.userId}`
  if (whose.sessionId !== undefined) return `session ${whose.sessionId}`
  return `topic ${whose.topic ?? ''}`
}

/** Ends all streams of somebody: says how many that will be, and then how many it were. */
export function EndDialog({ whose, onClose }: { whose: Whose; onClose: () => void }) {
  const { server, toasts, connections } = useDashboard()
  const [found, setFound] = useState<{ n: number; more: boolean } | null>(null)
  const [block, setBlock] = useState('')
  const [fault, setFault] = useState<string | null>(null)
  const [ending, setEnding] = useState(false)

  useEffect(() => {
    const closing = new AbortController()
    countStreams(server, whose, closing.signal).then(setFound, (error: unknown) => {
      if (!closing.signal.aborted) setFault(explain(error))
    })
    return () => closing.abort()
  }, [server, whose])

  const end = async () => {
    setEnding(true)
    setFault(null)
    try {
      const { disconnected } = await server.endAll(whose, block === '' ? undefined : block)
      const kept = blocks.find((b) => b.value === block && b.value !== '')
      toasts.show({
        mood: 'good', label: 'Disconnected',
        text: `${plural(disconnected, 'stream')} of ${nameOf(whose)} ended.${kept === undefined ? '' : ` ${kept.label.replace('Keep', 'Kept')}.`}`,
      })
      void connections.refresh(false)
      onClose()
    } catch (error) {
      setFault(explain(error))
      setEnding(false)
    }
  }

  const many = found === null ? '…' : found.more ? `more than ${plural(found.n, 'stream')}` : plural(found.n, 'stream')
  return (
    <Dialog title={`End all streams of ${nameOf(whose)}`} onClose={onClose}>
      <div class="body">
        <p>This ends <strong>{many}</strong>. Their clients are told DISCONNECTED_BY_ADMIN.</p>
        <div class="field">
          <label for="block">Afterwards</label>
          <select id="block" value={block} onChange={(e) => setBlock(e.currentTarget.value)}>
            {blocks.map(({ value, label }) => <option key={value} value={value}>{label}</option>)}
          </select>
        </div>
        <div role="alert">{fault !== null && <p class="banner bad"><Icon name="error" /><span>{fault}</span></p>}</div>
      </div>
      <footer>
        <button type="button" onClick={onClose}>Cancel</button>
        <button type="button" class="danger primary" disabled={found === null || ending} onClick={() => void end()}>
          {found !== null && found.n === 0 && block !== '' ? 'Keep out' : `End ${many}`}
        </button>
      </footer>
    </Dialog>
  )
}
