import { Dialog } from '../../shared/parts/Dialog'
import { TraceView } from './TraceView'

interface Props {
  id: string
  data: string | undefined // as the tail has shown it
  clipped: boolean | undefined
  onClose: () => void
}

export function TraceDialog({ id, data, clipped, onClose }: Props) {
  return (
    <Dialog title="Where did it go?" shape="side" onClose={onClose}>
      <div class="body">
        {data !== undefined && data !== '' && (
          <div class="field">
            <span class="label">{clipped === true ? 'Data, its beginning' : 'Data'}</span>
            <pre class="data" tabIndex={0} role="region" aria-label="Data">{data}{clipped === true ? '…' : ''}</pre>
          </div>
        )}
        <TraceView id={id} />
      </div>
    </Dialog>
  )
}
