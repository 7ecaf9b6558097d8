import { useCallback, useEffect, useState } from 'preact/hooks'
import { explain } from '../../shared/api'
import { age } from '../../shared/format'
import { useNow } from '../../shared/clock'
import { Dialog } from '../../shared/parts/Dialog'
import { Icon } from '../../shared/parts/Icon'
import { useDashboard } from '../context'
import type { Block } from '../model/wire'
import { nameOf } from './EndDialog'

/** Who is kept out, and until when; each may be let in again. */
export function BlocksDialog({ onClose }: { onClose: () => void }) {
  const { server, toasts } = useDashboard()
  const [blocks, setBlocks] = useState<readonly Block[] | null>(null)
  const [fault, setFault] = useState<string | null>(null)

  const load = useCallback(async (signal?: AbortSignal) => {
    try {
      setBlocks((await server.blocks(signal)).blocks)
      setFault(null)
    } catch (error) {
      if (!signal?.aborted) setFault(explain(error))
    }
  }, [server])

  useEffect(() => {
    const closing = new AbortController()
    void load(closing.signal)
    return () => closing.abort()
  }, [load])

  const lift = async ({ until: _, ...whose }: Block) => {
    try {
      await server.lift(whose)
      toasts.show({ mood: 'good', label: 'Let in', text: `${nameOf(whose)} may come back.` })
    } catch (error) {
      setFault(explain(error))
    }
    await load()
  }

  return (
    <Dialog title="Kept out" onClose={onClose}>
      <div class="body">
        {fault !== null && <p class="banner bad" role="alert"><Icon name="error" /><span>{fault}</span></p>}
        {blocks === null && fault === null && <p class="muted">Asking…</p>}
        {blocks?.length === 0 && <p class="muted">Nobody is kept out.</p>}
        <ul class="blocks">
          {blocks?.slice(0, 100).map((block) => (
            <li key={nameOf(block)} class="row">
              <span class="grow"><strong>{nameOf(block)}</strong> <span class="muted"><Left until={block.until} /></span></span>
              <button type="button" onClick={() => void lift(block)}>Let in<span class="hidden"> {nameOf(block)}</span></button>
            </li>
          ))}
        </ul>
        {blocks !== null && blocks.length > 100 && <p class="muted">…and {blocks.length - 100} more.</p>}
      </div>
    </Dialog>
  )
}

function Left({ until }: { until: string }) {
  return <>for {age(Date.parse(until) - useNow())} more</>
}
