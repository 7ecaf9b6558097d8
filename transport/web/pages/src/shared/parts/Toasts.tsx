import { useRef } from 'preact/hooks'
import { useStore } from '../store'
import type { Mood, ToastModel } from '../toasts'
import { Icon, type IconName } from './Icon'

const icons: Record<Mood, IconName> = { info: 'info', good: 'check', warn: 'warning', bad: 'error' }

export function Toasts({ model, label }: { model: ToastModel; label: string }) {
  const toasts = useStore(model)
  const region = useRef<HTMLElement>(null)
  // Dismissed by keyboard, a toast hands the focus on to the next one.
  const dismiss = (id: number) => {
    const inside = region.current?.contains(document.activeElement)
    model.dismiss(id)
    if (inside) requestAnimationFrame(() => {
      const next = region.current?.querySelector<HTMLElement>('button')
      if (next) next.focus()
      else model.release()
    })
  }
  return (
    <section
      ref={region}
      class="toasts"
      aria-label={label}
      onMouseEnter={() => model.hold()}
      onMouseLeave={() => {
        if (!region.current?.contains(document.activeElement)) model.release()
      }}
      onFocusCapture={() => model.hold()}
      onBlurCapture={(e) => {
        if (!region.current?.contains(e.relatedTarget as Node | null)) model.release()
      }}
    >
      <ol aria-live="polite" aria-relevant="additions">
        {toasts.map(({ id, mood, label: kind, text }) => (
          <li key={id} class={`toast ${mood}`}>
            <Icon name={icons[mood]} />
            <p><strong>{kind}</strong> {text}</p>
            <button type="button" class="icon-button" aria-label={`Dismiss: ${kind}`} onClick={() => dismiss(id)}>
              <Icon name="close" />
            </button>
          </li>
        ))}
      </ol>
    </section>
  )
}
