import { useEffect, useRef, useState } from 'preact/hooks'
import { useStore } from '../../shared/store'
import { useDashboard } from '../context'
import { everything, isFiltered, textFilters, type TailFilter } from '../model/tail'
import { kinds, type Kind } from '../model/wire'

/** Each change opens another stream, so it waits until the typing pauses. */
const debounceMs = 400

const kindWords: Record<Kind, string> = { connect: 'Connects', disconnect: 'Disconnects', send: 'Sends', refuse: 'Refusals' }
const textWords: Record<(typeof textFilters)[number], string> = {
  event: 'Event name', userId: 'User', sessionId: 'Session', topic: 'Topic', clientId: 'Stream',
}

/** What the server is asked to leave out. */
export function TailFilters() {
  const { tailFilter } = useDashboard()
  const applied = useStore(tailFilter)
  const [typed, setTyped] = useState(applied)
  const timer = useRef<ReturnType<typeof setTimeout>>()

  // It may be set elsewhere: "watch its events".
  useEffect(() => setTyped(applied), [applied])
  useEffect(() => () => clearTimeout(timer.current), [])

  const change = (part: Partial<TailFilter>, wait: number) => {
    const next = { ...typed, ...part }
    setTyped(next)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => tailFilter.set(next), wait)
  }

  return (
    <div class="stack">
      <fieldset class="row">
        <legend class="hidden">Kinds</legend>
        {kinds.map((kind) => (
          <label class="check" key={kind}>
            <input
              type="checkbox" checked={typed.kinds.includes(kind)}
              // None at all would be asking for nothing: the last one stays.
              disabled={typed.kinds.length === 1 && typed.kinds.includes(kind)}
              onChange={(e) => change({ kinds: kinds.filter((k) => (k === kind ? e.currentTarget.checked : typed.kinds.includes(k))) }, 0)}
            />
            {kindWords[kind]}
          </label>
        ))}
        <button type="button" class="link" disabled={!isFiltered(typed)} onClick={() => change(everything, 0)}>Clear</button>
      </fieldset>
      <div class="fields">
        {textFilters.map((name) => (
          <div class="field" key={name}>
            <label for={`tail-${name}`}>{textWords[name]}</label>
            <input
              id={`tail-${name}`} autocomplete="off" spellcheck={false} maxLength={128} value={typed[name]}
              onInput={(e) => change({ [name]: e.currentTarget.value }, debounceMs)}
            />
          </div>
        ))}
      </div>
    </div>
  )
}
