// better-sse: a channel for everybody, and a session's own push. Its keep-alive stays
// on, as by default.
import { createChannel, createSession } from 'better-sse'
import { serve } from './serve.mjs'

const everybody = createChannel()
const sessions = new Map()

serve({
  async stream(req, res, name) {
    const session = await createSession(req, res)
    everybody.register(session)
    if (name) {
      sessions.set(name, session)
      session.on('disconnected', () => sessions.get(name) === session && sessions.delete(name))
    }
    session.push({ status: 'connected' }, 'connection')
  },
  publish(session, data) {
    if (session) sessions.get(session)?.push(data)
    else everybody.broadcast(data)
  },
})
