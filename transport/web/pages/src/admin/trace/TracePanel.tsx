import { useState } from 'preact/hooks'
import { TraceView } from './TraceView'

/** Asks for an event by its id. */
export function TracePanel() {
  const [typed, setTyped] = useState('')
  const [asked, setAsked] = useState<{ id: string; turn: number } | null>(null)
  return (
    <section id="trace" class="panel" aria-labelledby="trace-title" tabIndex={-1}>
      <header><h2 id="trace-title">Where did it go?</h2></header>
      <div class="body stack">
        <form
          class="row"
          onSubmit={(e) => {
            e.preventDefault()
            if (typed.trim() !== '') setAsked({ id: typed.trim(), turn: (asked?.turn ?? 0) + 1 })
          }}
        >
          <input
            class="mono grow" aria-label="Id of an event" placeholder="Id of an event, such as 1795493112861-4" autocomplete="off" spellcheck={false}
            maxLength={128} value={typed} onInput={(e) => setTyped(e.currentTarget.value)}
          />
          <button type="submit" disabled={typed.trim() === ''}>Trace</button>
        </form>
        {asked === null
          ? <p class="note">Says who an event was for, and of each stream whether it was written, waits, was dropped, or the stream had left.</p>
          : <TraceView key={`${asked.turn} ${asked.id}`} id={asked.id} />}
      </div>
    </section>
  )
}
