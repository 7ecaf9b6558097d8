import { Ago } from '../shared/parts/Ago'
import { Icon } from '../shared/parts/Icon'
import { useStore, useStorePart } from '../shared/store'
import { useDashboard } from './context'

/** Says so when what is shown is no longer what is. */
export function Stale() {
  const { metrics, feed } = useDashboard()
  const { status, error } = useStore(feed)
  const at = useStorePart(metrics, (m) => m.receivedAt)
  if (status === 'open' || (error === null && at === null)) return null
  return (
    <p class="banner warn">
      <Icon name="warning" />
      <span>
        The dashboard has no stream{error !== null && ` (${error.message})`}
        {status === 'closed' ? ': load the page anew.' : ' and tries again by itself.'}
        {at !== null && <> The numbers are from <Ago at={at} />.</>}
      </span>
    </p>
  )
}
