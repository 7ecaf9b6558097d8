import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import { Store } from '../shared/store'
import { ToastModel } from '../shared/toasts'
import { perFrame } from '../shared/frame'
import { HistoryModel } from './model/history'
import { Wire, type WireNote } from './model/wire'

/** What a stream is opened with. */
export interface StreamOptions {
  sessionId: string
  topics: readonly string[]
}

/** What the parts of the demo share. */
export interface Demo {
  history: HistoryModel
  wire: Wire
  toasts: ToastModel
  stream: Store<StreamOptions>
  key: Store<string>
}

export const DemoContext = createContext<Demo | null>(null)

export function useDemo(): Demo {
  const demo = useContext(DemoContext)
  if (demo === null) throw new Error('outside of the demo')
  return demo
}

export function createDemo(stream: StreamOptions, key: string): Demo {
  const history: HistoryModel = new HistoryModel(perFrame(() => history.flush()))
  const wire: Wire = new Wire((note) => history.note(...words(note)), perFrame(() => wire.publish()))
  return { history, wire, toasts: new ToastModel(), stream: new Store(stream), key: new Store(key) }
}

function words(note: WireNote): ['good' | 'warn' | 'bad', string] {
  switch (note.what) {
    case 'opened': {
      const { resume } = note
      if (resume === null) return ['good', 'The stream is open']
      const n = resume.replayed
      const replay = n === undefined ? 'what was missed follows' : n === 1 ? '1 missed event follows' : `${n} missed events follow`
      return [resume.status === 'resumed' ? 'good' : 'warn', `The stream is open: ${resume.status}, ${replay}`]
    }
    case 'replayed': return ['good', `That was all that was missed: ${note.replayed} events`]
    case 'gap': return ['warn', `${note.dropped} events were dropped: this page was too slow`]
    case 'ended': return ['bad', `The server ends the stream: ${note.code}${note.message === '' ? '' : ` — ${note.message}`}`]
  }
}
