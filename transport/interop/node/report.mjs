// What the scripts and the Go tests say to each other: a line of JSON out for
// each event; a line in asks to close the stream, or for what else a script can do;
// the end of the input, to exit.
import { createInterface } from 'node:readline'

/** What this script was asked: { url, names, … }. */
export const order = JSON.parse(process.argv[2])

export function report (type, data, id) {
  process.stdout.write(JSON.stringify({ type, data, id }) + '\n')
}

/**
 * Runs close() when asked to, and before the exit; each of them at most once. Others are
 * what else may be asked, by the line that asks it.
 */
export function obey (close, exit = async () => {}, others = {}) {
  let closing
  const leave = () => (closing ??= Promise.resolve(close()).then(() => {
    process.stdout.write('{"closed":true}\n')
  }))
  createInterface({ input: process.stdin })
    .on('line', (line) => (others[line] ?? leave)())
    .on('close', async () => {
      await leave()
      await exit()
      process.exit(0)
    })
}

/** Reads with anything that has the interface of EventSource. */
export function listen (source) {
  for (const name of order.names) {
    source.addEventListener(name, (e) => {
      // EventSource's own error event has the name of one of the server's.
      if (typeof e.data === 'string') report(e.type, e.data, e.lastEventId)
    })
  }
  obey(() => source.close())
}
