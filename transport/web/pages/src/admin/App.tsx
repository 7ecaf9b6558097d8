import { useCallback, useEffect, useState } from 'preact/hooks'
import { explain, Refused } from '../shared/api'
import { loadKey, saveKey } from '../shared/key'
import { Brand } from '../shared/parts/Brand'
import { DashboardPage } from './DashboardPage'
import { createServer } from './model/server'
import { SignIn } from './SignIn'

type Phase =
  | { at: 'opening' } // with what the browser has, if anything
  | { at: 'checking' } // what was typed
  | { at: 'out'; why: string | null }
  | { at: 'in'; key: string }

/** Shows the dashboard to whom the server would answer, and asks anybody else for a key. */
export function App() {
  const [phase, setPhase] = useState<Phase>({ at: 'opening' })

  const enter = useCallback(async (key: string) => {
    try {
      await createServer(key).clients({ limit: 1 })
      saveKey(key)
      setPhase({ at: 'in', key })
    } catch (error) {
      setPhase({ at: 'out', why: whyNot(error, key) })
    }
  }, [])

  // Without a key, the cookie that the browser has may do.
  useEffect(() => void enter(loadKey()), [enter])

  const leave = useCallback((why: string | null) => {
    saveKey('')
    setPhase({ at: 'out', why })
  }, [])

  const submit = (key: string) => {
    setPhase({ at: 'checking' })
    void enter(key)
  }

  if (phase.at === 'opening') return <Opening />
  if (phase.at === 'in') return <DashboardPage key={phase.key} apiKey={phase.key} onLeave={leave} />
  return <SignIn checking={phase.at === 'checking'} why={phase.at === 'out' ? phase.why : null} onKey={submit} />
}

/** For the moment in which the server is asked: no form that is gone again at once. */
function Opening() {
  return (
    <>
      <header class="bar"><Brand page="Dashboard" /></header>
      <main><p class="empty" role="status">Opening…</p></main>
    </>
  )
}

function whyNot(error: unknown, key: string): string | null {
  if (!(error instanceof Refused) || !error.unauthorised) return explain(error)
  if (key === '') return null // nobody has tried anything yet
  return error.status === 403 ? 'This key may not administrate: it lacks the scope “admin”.' : 'The server does not know this key.'
}
