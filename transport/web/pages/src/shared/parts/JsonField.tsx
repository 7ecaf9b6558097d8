import { useId } from 'preact/hooks'
import { readData } from '../json'

interface Props {
  label: string
  value: string
  rows?: number
  onInput: (value: string) => void
}

/** A field for an event's data, which says while one types whether it is JSON. */
export function JsonField({ label, value, rows = 4, onInput }: Props) {
  const id = useId()
  const typed = readData(value)
  return (
    <div class="field wide">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        class="mono"
        rows={rows}
        spellcheck={false}
        autocomplete="off"
        value={value}
        aria-invalid={!typed.ok}
        aria-describedby={`${id}-note`}
        onInput={(e) => onInput(e.currentTarget.value)}
      />
      <p id={`${id}-note`} class={typed.ok ? 'note' : 'note bad'}>
        {typed.ok ? (typed.kind === 'json' ? '✓ JSON' : 'Sent as text') : `✗ Not JSON: ${typed.fault}`}
      </p>
    </div>
  )
}
