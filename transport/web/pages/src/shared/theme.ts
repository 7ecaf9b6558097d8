import { Store } from './store'

export type Theme = 'system' | 'light' | 'dark'

const slot = 'sseactor:theme'
const themes: readonly string[] = ['system', 'light', 'dark']

function load(): Theme {
  try {
    const kept = localStorage.getItem(slot)
    return kept !== null && themes.includes(kept) ? (kept as Theme) : 'system'
  } catch {
    return 'system'
  }
}

export const theme = new Store<Theme>('system')

function apply(value: Theme): void {
  // The style sheet follows the system unless this says otherwise.
  if (value === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = value
}

/** Chooses the colours; called before anything is drawn. */
export function startTheme(): void {
  theme.set(load())
  apply(theme.get())
  theme.subscribe(() => {
    apply(theme.get())
    try {
      localStorage.setItem(slot, theme.get())
    } catch {
      // It holds for this page only.
    }
  })
}

/** Calls back whenever the colours may have changed. */
export function onColours(changed: () => void): () => void {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  dark.addEventListener('change', changed)
  const stop = theme.subscribe(changed)
  return () => {
    dark.removeEventListener('change', changed)
    stop()
  }
}
