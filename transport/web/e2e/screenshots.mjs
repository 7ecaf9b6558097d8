// Makes the screenshots of both pages that the README shows, from a real server with
// people on it: `node screenshots.mjs [minutes]`, with SSEACTOR_BIN or Go at hand.
// The charts show the minutes for which it has run.
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { end, key, openStream, sockets as people, startBrowser, startServer, url } from './live.mjs'

const minutes = Number(process.argv[2] ?? 5)
const folder = resolve(import.meta.dirname, '../screenshots')

const pick = (list) => list[Math.floor(Math.random() * list.length)]
const names = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy', 'mallory', 'olivia', 'peggy', 'trent', 'victor', 'walter']
const agents = ['Firefox/140.0', 'Chrome/148.0', 'Safari/18.4', 'Edg/148.0']

// People: so many streams, some of them coming and going, a few too slow.
let visitors = 0
function comes (slow = false) {
  const n = visitors++
  const query = new URLSearchParams({ sessionId: `web-${(n * 7919 + 104729).toString(36)}`, topics: pick(['prices', 'prices,news', 'orders', 'chat.general,news']) })
  if (n % 6 !== 0) query.set('userId', `${names[n % names.length]}${n % 97}`)
  openStream(query, [`X-Forwarded-For: 203.0.113.${n % 254 + 1}`, `User-Agent: Mozilla/5.0 ${agents[n % agents.length]}`], slow)
}

async function send (event) {
  await fetch(`${url}/api/sse`, { method: 'POST', headers: { Authorization: `Bearer ${key}` }, body: JSON.stringify(event) }).catch(() => {})
}

let beat = 0
async function liveliness () {
  const wave = 1 + 0.5 * Math.sin(beat / 400)
  const aim = 1600 + 250 * Math.sin(beat / 900)
  if (beat % 2 === 0) (people.size < aim ? comes() : pick([...people].slice(0, 400)).destroy())
  if (beat % 5 === 0) await send({ event: 'price', data: { symbol: pick(['ACME', 'INIT', 'UMBR']), bid: 100 + Math.round(500 * Math.random()) / 100 }, topics: ['prices'], priority: 'low' })
  if (Math.random() < 0.5 * wave) {
    const user = `${pick(names)}${Math.floor(Math.random() * 97)}`
    await send(pick([
      { event: 'notification', data: { message: `Order ${4000 + beat} has been paid`, type: 'success' }, userId: user, persistent: true },
      { event: 'update', data: { resource: 'orders', action: 'updated', data: { id: 4000 + beat, total: 49.9 } }, userId: user },
      { event: 'chat.message', data: { from: user, text: 'See you at the stand-up' }, topics: ['chat.general'] }
    ]))
  }
  if (beat % 600 === 300) await send({ event: 'system', data: { message: 'Maintenance tonight at 22:00', level: 'maintenance' }, priority: 'high' })
  beat++
}

/** What a slow network cannot take is dropped, and shown. */
async function burst () {
  for (let i = 0; i < 60; i++) await send({ event: 'news', data: { headline: 'x'.repeat(6000) }, topics: ['news'] })
}

async function shoot (page, name, { scheme, width, height }) {
  await page.setViewportSize({ width, height })
  await page.emulateMedia({ colorScheme: scheme })
  await page.waitForTimeout(1500) // two seconds' samples in the new size
  const path = join(folder, `${name}.png`)
  await page.screenshot({ path })
  // A third of the size and nothing to be seen of it, where Debian's pngquant is installed.
  spawnSync('pngquant', ['--force', '--skip-if-larger', '--speed', '1', '--output', path, path])
}

try {
  await startServer({ SSEACTOR_TRUSTED_PROXIES: '127.0.0.1', SSEACTOR_HEARTBEAT_INTERVAL: '5s' })
  const browser = await startBrowser()
  mkdirSync(folder, { recursive: true })
  for (let i = 0; i < 1500; i++) comes(i % 300 === 7)
  const admin = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  await admin.goto(`${url}/admin#key=${key}`)
  await admin.getByText('Live', { exact: true }).waitFor()
  const until = Date.now() + minutes * 60_000
  let bursts = 0
  while (Date.now() < until) {
    await liveliness()
    if (Date.now() > until - (2 - bursts) * minutes * 20_000 && bursts < 2) {
      bursts++
      void burst()
    }
    await pause(10)
  }
  const going = setInterval(() => void liveliness(), 15)
  const wide = { width: 1280, height: 1330 }
  const phone = { width: 390, height: 1400 }
  await shoot(admin, 'admin-light', { scheme: 'light', ...wide })
  await shoot(admin, 'admin-dark', { scheme: 'dark', ...wide })
  await shoot(admin, 'admin-phone', { scheme: 'light', ...phone })
  await admin.close()

  const demo = await browser.newPage({ viewport: { width: 1280, height: 960 } })
  await demo.goto(`${url}/demo#key=${key}`)
  await demo.getByText('Connected').waitFor()
  const click = (call, button) => demo.getByRole('group', { name: call }).getByRole('button', { name: button }).click()
  await click('sendUpdate', 'created')
  await demo.getByRole('button', { name: 'sendCustomEvent' }).click()
  await demo.waitForTimeout(500)
  await demo.getByRole('button', { name: 'Cut my stream' }).click()
  await demo.getByText('3 of 3').first().waitFor()
  await click('sendNotification', 'success')
  await demo.waitForTimeout(5500) // a heartbeat
  await click('sendAlert', 'alert')
  await shoot(demo, 'demo-light', { scheme: 'light', width: 1280, height: 960 })
  await shoot(demo, 'demo-dark', { scheme: 'dark', width: 1280, height: 960 })
  await shoot(demo, 'demo-phone', { scheme: 'dark', width: 390, height: 1200 })
  clearInterval(going)
} finally {
  await end()
}
