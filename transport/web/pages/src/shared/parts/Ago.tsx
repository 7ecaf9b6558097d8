import { useNow } from '../clock'
import { age, none } from '../format'

/** How long ago something was; renders itself each second, and nothing around it. */
export function Ago({ at }: { at: number | null }) {
  const now = useNow()
  if (at === null) return <>{none}</>
  return <>{age(now - at)} ago</>
}

/** How long until something will be. */
export function In({ at }: { at: number }) {
  const now = useNow()
  return <>{at > now ? `in ${age(at - now + 999)}` : 'now'}</>
}
