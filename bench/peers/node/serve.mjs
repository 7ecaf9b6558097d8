// The interface that bench/peers drives, on Node: a stream for GET /api/sse, an
// event for POST /api/sse. The libraries differ in what they do with them.
import { createServer } from 'node:http'

export function serve({ stream, publish }) {
  const port = Number(process.argv[2])
  const server = createServer((req, res) => {
    const url = new URL(req.url, 'http://localhost')
    if (url.pathname === '/healthz') return res.end('ok')
    if (url.pathname !== '/api/sse') return res.writeHead(404).end()
    if (req.method === 'GET') return stream(req, res, url.searchParams.get('sessionId'))
    let body = ''
    req.setEncoding('utf8')
    req.on('data', (chunk) => (body += chunk))
    req.on('end', () => {
      const { sessionId, data } = JSON.parse(body)
      publish(sessionId, data)
      const answer = '{"success":true}'
      res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': answer.length }).end(answer)
    })
  })
  server.keepAliveTimeout = 75_000
  server.listen({ port, host: '127.0.0.1', backlog: 4096 })
}
