import { useEffect, useRef, useState } from 'preact/hooks'
import { Brand } from '../shared/parts/Brand'
import { Icon } from '../shared/parts/Icon'
import { ThemeSwitch } from '../shared/parts/ThemeSwitch'

interface Props {
  checking: boolean
  why: string | null
  onKey: (key: string) => void
}

export function SignIn({ checking, why, onKey }: Props) {
  const [key, setKey] = useState('')
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (!checking) field.current?.focus()
  }, [checking])
  return (
    <>
      <header class="bar"><Brand page="Dashboard" /><div class="grow" /><ThemeSwitch /></header>
      <main class="sign-in">
        <form
          class="panel"
          onSubmit={(e) => {
            e.preventDefault()
            if (key.trim() !== '') onKey(key.trim())
          }}
        >
          <header><h2>Sign in</h2></header>
          <div class="body">
            <div class="field">
              <label for="key">API key with the scope “admin”</label>
              <input
                id="key" ref={field} type="password" class="mono" autocomplete="off" spellcheck={false} required
                value={key} aria-invalid={why !== null} aria-describedby="key-note"
                onInput={(e) => setKey(e.currentTarget.value)}
              />
              <p id="key-note" class="note">
                It is kept in this tab only. In development, <code>make run</code> prints a link that has it.
              </p>
            </div>
            <div role="alert">{why !== null && <p class="banner bad"><Icon name="error" /><span>{why}</span></p>}</div>
            <button class="primary" disabled={checking}>{checking ? 'Checking…' : 'Sign in'}</button>
          </div>
        </form>
      </main>
    </>
  )
}
