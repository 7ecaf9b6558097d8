// How soon the dashboard is there, and how soon it finds somebody, with many streams open:
// `node opening.mjs [streams]`. It says what was promised and what was seen, and fails if
// that is less.
import { setTimeout as pause } from 'node:timers/promises'
import { end, key, openStream, startBrowser, startServer, url } from './live.mjs'

const streams = Number(process.argv[2] ?? 10_000)
const rounds = 7
const opens = 1000 // ms: the tiles and the first rows are there
const answers = 200 // ms: until the answer to a search

/** Runs in the page: when the number of streams and the first rows can be seen, in ms since it was asked for. */
function shown (streams) {
  const text = document.querySelector('main')?.innerText ?? ''
  return text.includes(streams) && document.querySelectorAll('tbody tr').length >= 10 && performance.now()
}

/** Runs in the page: when nobody else is in the table. */
function found ([name, since]) {
  const rows = [...document.querySelectorAll('table tbody tr')].filter((row) => row.offsetParent !== null)
  return rows.length > 0 && rows.every((row) => row.innerText.includes(name)) && performance.now() - since
}

const middle = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]
const say = (what, list, bar) => {
  const worst = Math.max(...list)
  const kept = worst < bar
  if (!kept) process.exitCode = 1
  console.log(`${kept ? 'PASS' : 'FAIL'}  ${what}: below ${bar} ms; seen ${Math.round(middle(list))} ms, at most ${Math.round(worst)}`)
}

try {
  await startServer({ SSEACTOR_MAX_CLIENTS: String(streams + 100) })
  for (let n = 0; n < streams; n++) {
    openStream(`sessionId=web-${n}&userId=member-${n}&topics=news`)
    if (n % 100 === 99) await pause(10)
  }
  const get = async (path) => (await fetch(url + path, { headers: { Authorization: `Bearer ${key}` } })).json()
  while ((await get('/api/sse/metrics')).activeConnections < streams) await pause(50)

  const browser = await startBrowser()
  const [opened, answered, seen] = [[], [], []]
  for (let round = 0; round < rounds; round++) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } }) // an empty cache
    const page = await context.newPage()
    await page.goto(`${url}/admin#key=${key}`, { waitUntil: 'commit' })
    opened.push(await (await page.waitForFunction(shown, streams.toLocaleString('en'))).jsonValue())
    for (const n of [7, 1234, streams - 1]) {
      const name = `member-${n}`
      const since = await page.evaluate(() => performance.now())
      await page.getByRole('searchbox').fill(name)
      seen.push(await (await page.waitForFunction(found, [name, since])).jsonValue())
      answered.push(...await page.evaluate((name) => performance.getEntriesByType('resource').filter((e) => e.name.includes(`search=${name}`)).map((e) => e.duration), name))
    }
    await context.close()
  }
  say(`the dashboard with ${streams} streams is there`, opened, opens)
  say('the answer to a search has come', answered, answers)
  console.log(`      what was searched for is shown, from typing on: ${Math.round(middle(seen))} ms, at most ${Math.round(Math.max(...seen))}`)
} finally {
  await end()
}
