import { Brand } from '../shared/parts/Brand'
import { ThemeSwitch } from '../shared/parts/ThemeSwitch'
import { age } from '../shared/format'
import { useStorePart } from '../shared/store'
import { useDashboard } from './context'
import { MetricsFeed } from './MetricsFeed'
import type { JournalState, Metrics } from './model/wire'

const journalWords: Record<JournalState, { text: string; mood: string }> = {
  ok: { text: 'Journal ok', mood: 'good' },
  full: { text: 'Journal full', mood: 'bad' },
  failed: { text: 'Journal failed', mood: 'bad' },
  none: { text: 'No journal', mood: 'quiet' },
}

/** The bar on top: how the server is, and the way around and out. */
export function Health({ onSignOut }: { onSignOut: () => void }) {
  const { metrics } = useDashboard()
  const latest = useStorePart(metrics, (m) => m.latest)
  return (
    <header class="bar">
      <Brand page="Dashboard" />
      <nav aria-label="On this page">
        <a href="#overview">Overview</a>
        <a href="#connections">Connections</a>
        <a href="#events">Events</a>
        <a href="#send">Send</a>
        <a href="#trace">Trace</a>
      </nav>
      <div class="grow" />
      <div class="health row" role="group" aria-label="Health">
        {latest !== null && <Facts latest={latest} />}
        <MetricsFeed />
      </div>
      <div class="row tools">
        <ThemeSwitch />
        <button type="button" class="quiet" onClick={onSignOut}>Sign out</button>
      </div>
    </header>
  )
}

function Facts({ latest: { health, version, mode } }: { latest: Metrics }) {
  const journal = journalWords[health.journal]
  return (
    <>
      <span class="muted facts-line">
        <span title="Version">{version}</span>
        <span title="Mode">{mode}</span>
        <span title="Uptime">up {age(health.uptimeSeconds * 1000)}</span>
      </span>
      {health.draining
        ? <span class="pill warn"><i class="dot" />Draining</span>
        : health.ready
          ? <span class="pill good"><i class="dot" />Ready</span>
          : <span class="pill bad"><i class="dot" />Not ready</span>}
      <span class={`pill ${journal.mood}`}><i class="dot" />{journal.text}</span>
    </>
  )
}
