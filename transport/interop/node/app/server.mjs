// A small app whose users sign in with a real sign-in package. It is told, as JSON in its
// only argument: base, its own address; version, 4 (NextAuth) or 5 (Auth.js); secret;
// sessions, "jwt" or "database"; story, how many characters more a session has; events,
// where sseactor is, if the app passes streams on.
import http from 'node:http'
import { authjs } from './authjs.mjs'
import { mail } from './config.mjs'
import { nextauth } from './nextauth.mjs'

const order = JSON.parse(process.argv[2])
const auth = order.version === 4 ? nextauth(order) : authjs(order)

/** Passes a stream on, so that to the browser it is of the app's own origin. */
function events (req, res) {
  const { method, headers } = req
  const up = http.request(new URL(req.url, order.events), { method, headers }, (answer) => {
    res.writeHead(answer.statusCode, answer.headers)
    answer.pipe(res)
  })
  up.on('error', () => res.destroy())
  res.on('close', () => up.destroy())
  req.pipe(up)
}

const server = http.createServer(async (req, res) => {
  const { pathname, searchParams } = new URL(req.url, order.base)
  if (pathname.startsWith('/api/auth/')) return await auth(req, res)
  if (pathname === '/api/sse' && order.events) return events(req, res)
  if (pathname === '/mail') return res.end(mail.get(searchParams.get('to')))
  res.setHeader('Content-Type', 'text/html')
  res.statusCode = pathname === '/' || pathname === '/readyz' ? 200 : 404
  res.end('<!doctype html><title>an app</title>')
})
const { hostname, port } = new URL(order.base)
server.listen(Number(port), hostname)
process.on('SIGTERM', () => process.exit(0))
