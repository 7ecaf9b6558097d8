// Sign-in with Auth.js (v5), which speaks in the Fetch Standard's requests and responses.
import { Auth } from '@auth/core'
import Credentials from '@auth/core/providers/credentials'
import { buffer } from 'node:stream/consumers'
import { config } from './config.mjs'

/** Answers what is below /api/auth. */
export function authjs (order) {
  const options = { ...config(order, Credentials), basePath: '/api/auth', trustHost: true }
  return async (req, res) => {
    const response = await Auth(new Request(`http://${req.headers.host}${req.url}`, {
      method: req.method,
      headers: Object.entries(req.headers).filter(([, value]) => typeof value === 'string'),
      body: req.method === 'POST' ? await buffer(req) : undefined
    }), options)
    res.statusCode = response.status
    for (const [name, value] of response.headers) {
      if (name !== 'set-cookie') res.setHeader(name, value)
    }
    res.setHeader('Set-Cookie', response.headers.getSetCookie())
    res.end(await response.text())
  }
}
