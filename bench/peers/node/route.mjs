// A route as a Next.js app would write it: the streams in a Map, each event written
// to each response.
import { serve } from './serve.mjs'

const clients = new Map() // response → session
const sessions = new Map() // session → response

serve({
  stream(req, res, session) {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache, no-transform', Connection: 'keep-alive' })
    res.write(`event: connection\ndata: ${JSON.stringify({ status: 'connected', sessionId: session })}\n\n`)
    clients.set(res, session)
    if (session) sessions.set(session, res)
    req.on('close', () => {
      clients.delete(res)
      if (sessions.get(session) === res) sessions.delete(session)
    })
  },
  publish(session, data) {
    const frame = `data: ${data}\n\n`
    if (session) sessions.get(session)?.write(frame)
    else for (const res of clients.keys()) res.write(frame)
  },
})
