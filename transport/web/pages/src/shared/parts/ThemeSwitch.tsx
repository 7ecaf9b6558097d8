import { useStore } from '../store'
import { theme, type Theme } from '../theme'
import { Icon, type IconName } from './Icon'

const choices: readonly { value: Theme; label: string; icon: IconName }[] = [
  { value: 'system', label: 'Colours of the system', icon: 'system' },
  { value: 'light', label: 'Light', icon: 'sun' },
  { value: 'dark', label: 'Dark', icon: 'moon' },
]

export function ThemeSwitch() {
  const chosen = useStore(theme)
  return (
    <fieldset class="segmented icons">
      <legend class="hidden">Colours</legend>
      {choices.map(({ value, label, icon }) => (
        <label key={value} title={label}>
          <input type="radio" name="theme" value={value} checked={chosen === value} onChange={() => theme.set(value)} />
          <span><Icon name={icon} /><span class="hidden">{label}</span></span>
        </label>
      ))}
    </fieldset>
  )
}
