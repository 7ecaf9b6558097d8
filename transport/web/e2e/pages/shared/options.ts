import type { ClientOptions } from 'sseactor'
import type { Wish } from '../../harness/said.js'
import { report } from './report.js'

type Events = Record<string, unknown>

/** The options that a wish stands for, with callbacks that report under that name. */
export function optionsOf (by: string, wish: Wish): ClientOptions<Events> {
  const { tokenFrom, reads: _, enabled: __, ...options } = wish
  return {
    ...options,
    ...(tokenFrom !== undefined && {
      getToken: async ({ refresh }: { refresh: boolean }) => await (await fetch(`${tokenFrom}?refresh=${refresh}`)).text()
    }),
    onEvent: ({ type, data, id }) => { report({ by, kind: 'event', type, data: brief(data), id }) },
    onGap: (gap) => { report({ by, kind: 'gap', ...gap }) },
    onError: ({ code, status, retryIn }) => {
      report({ by, kind: 'error', code, ...(status !== undefined && { status }), ...(retryIn !== undefined && { retryIn }) })
    },
    onOpen: () => { report({ by, kind: 'open' }) },
    onClose: () => { report({ by, kind: 'close' }) }
  }
}

/** Long texts are told by their length: sessionStorage is small. */
function brief (data: unknown): unknown {
  return typeof data === 'string' && data.length > 1_000 ? `${data.length} characters` : data
}
