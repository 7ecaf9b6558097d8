// Makes session cookies with the packages' own code. A list of orders comes in as JSON
// on standard input; a list of cookies for each of them goes out.
import { createRequire } from 'node:module'
import { text } from 'node:stream/consumers'
import * as nextAuth4 from 'next-auth/jwt'
import * as nextAuth5 from 'next-auth-5/jwt'
import * as authCore from '@auth/core/jwt'
import { atClock } from './clock.mjs'

const require = createRequire(import.meta.url)

// Each splits large cookies by itself. That code is not exported, but it is there.
const packages = {
  'next-auth 4': { ...nextAuth4, ...require(require.resolve('next-auth/jwt').replace('jwt/index.js', 'core/lib/cookie.js')) },
  'next-auth 5': { ...nextAuth5, ...await besideCore(createRequire(require.resolve('next-auth-5/jwt'))) },
  '@auth/core': { ...authCore, ...await besideCore(require) }
}

function besideCore (require) {
  return import(require.resolve('@auth/core/jwt').replace('jwt.js', 'lib/utils/cookie.js'))
}

/** The cookies that the package would set: one, or several where the token is large. */
async function mint ({ package: name, cookie, secret, claims, maxAge, clock }) {
  const { encode, SessionStore } = packages[name]
  // v5 salts its keys with the cookie's name; v4 takes a salt for other tokens only.
  const salt = name === 'next-auth 4' ? undefined : cookie
  const token = await atClock(clock, () => encode({ token: claims, secret, maxAge, salt }))
  const store = new SessionStore({ name: cookie, options: {} }, {}, { debug () {} })
  return store.chunk(token, {}).map(({ name, value }) => ({ name, value }))
}

const minted = []
for (const order of JSON.parse(await text(process.stdin))) minted.push(await mint(order))
process.stdout.write(JSON.stringify(minted))
