import { connection } from 'next/server'
import { Events } from '../events'

// Straight from the event server, on the same site, with the cookie of the session.
export default async function Page () {
  await connection() // the address is the running app's, not the build's
  return <Events url={`${process.env.SSE_URL}/api/sse`} withCredentials device="direct" />
}
