// Makes tokens that the sign-in packages never make, with whatever keys an app that
// knows its secret could use. A list of orders comes in as JSON on standard input; a
// list of tokens goes out.
import { hkdfSync } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { CompactEncrypt, CompactSign, UnsecuredJWT, generateKeyPair } from 'jose'

/** The key that Auth.js would use, were it of that many bytes. */
function derive ({ secret, cookie }, bytes) {
  return new Uint8Array(hkdfSync('sha256', secret, cookie, `Auth.js Generated Encryption Key (${cookie})`, bytes))
}

const publicKey = async (alg) => (await generateKeyPair(alg)).publicKey

const keys = {
  dir: (order) => derive(order, { A128GCM: 16, A192GCM: 24, A256GCM: 32, 'A128CBC-HS256': 32, 'A192CBC-HS384': 48, 'A256CBC-HS512': 64 }[order.enc]),
  A256KW: (order) => derive(order, 32),
  A256GCMKW: (order) => derive(order, 32),
  'PBES2-HS512+A256KW': ({ secret }) => new TextEncoder().encode(secret),
  'RSA-OAEP': () => publicKey('RSA-OAEP'),
  'RSA-OAEP-256': () => publicKey('RSA-OAEP-256'),
  'ECDH-ES': () => publicKey('ECDH-ES')
}

async function craft (order) {
  const { alg, enc, payload, secret } = order
  const bytes = new TextEncoder().encode(payload)
  switch (alg) {
    case 'none':
      return new UnsecuredJWT(JSON.parse(payload)).encode()
    case 'HS256':
      return new CompactSign(bytes).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret))
    default:
      return new CompactEncrypt(bytes).setProtectedHeader({ alg, enc }).encrypt(await keys[alg](order))
  }
}

const crafted = []
for (const order of JSON.parse(await text(process.stdin))) crafted.push(await craft(order))
process.stdout.write(JSON.stringify(crafted))
