import { useCallback } from 'preact/hooks'
import { useStore } from '../shared/store'
import { BlocksDialog } from './connections/BlocksDialog'
import { ClientDialog } from './connections/ClientDialog'
import { EndDialog } from './connections/EndDialog'
import { useDashboard } from './context'
import { TraceDialog } from './trace/TraceDialog'

/** The one dialog that is open, if any. */
export function Overlays() {
  const { overlay } = useDashboard()
  const open = useStore(overlay)
  const close = useCallback(() => overlay.set(null), [overlay])
  switch (open?.show) {
    case 'client': return <ClientDialog key={open.id} id={open.id} onClose={close} />
    case 'end': return <EndDialog whose={open.whose} onClose={close} />
    case 'trace': return <TraceDialog key={open.id} id={open.id} data={open.data} clipped={open.clipped} onClose={close} />
    case 'blocks': return <BlocksDialog onClose={close} />
    default: return null
  }
}
