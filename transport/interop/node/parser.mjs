// The npm package eventsource-parser over fetch, as most chat front ends do it.
import { createParser } from 'eventsource-parser'
import { obey, order, report } from './report.mjs'

const abort = new AbortController()
obey(() => abort.abort())

let lastEventId = ''
const parser = createParser({
  onEvent ({ event, data, id }) {
    lastEventId = id ?? lastEventId // keeping it is the user's part here
    report(event ?? '', data, lastEventId)
  },
  onError (error) {
    console.error(error)
  }
})
try {
  const response = await fetch(order.url, { headers: { Accept: 'text/event-stream' }, signal: abort.signal })
  if (!response.ok) throw new Error(`status ${response.status}`)
  const decoder = new TextDecoder()
  for await (const chunk of response.body) parser.feed(decoder.decode(chunk, { stream: true }))
} catch (error) {
  if (!abort.signal.aborted) console.error(error)
}
