// Sign-in with NextAuth (v4), which wants what Next.js makes of a request and a response.
import { parse } from 'node:querystring'
import { text } from 'node:stream/consumers'
import NextAuth from 'next-auth'
import Credentials from 'next-auth/providers/credentials'
import { config } from './config.mjs'

const handle = NextAuth.default ?? NextAuth // it is of the older kind of module
const credentials = Credentials.default ?? Credentials

/** Answers what is below /api/auth. */
export function nextauth (order) {
  process.env.NEXTAUTH_URL = order.base
  const options = config(order, credentials)
  return async (req, res) => {
    const url = new URL(req.url, order.base)
    req.query = { ...Object.fromEntries(url.searchParams), nextauth: url.pathname.split('/').slice(3) }
    req.cookies = parse(req.headers.cookie ?? '', '; ')
    req.body = req.method === 'POST' ? parse(await text(req)) : undefined
    res.status = (code) => {
      res.statusCode = code
      return res
    }
    res.json = (value) => {
      res.setHeader('Content-Type', 'application/json')
      res.end(JSON.stringify(value))
    }
    res.send = (body) => typeof body === 'object' ? res.json(body) : res.end(body)
    await handle(req, res, options)
  }
}
