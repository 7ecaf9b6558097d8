import { createServer } from 'node:net'

/**
 * A port of the loopback address that nobody listens at. It is below the range
 * that systems take for outgoing connections: one of those can't take it while a
 * server that will come back there is down.
 */
export async function freePort (): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if (await isFree(port)) return port
  }
}

async function isFree (port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => { resolve(false) })
    server.listen(port, '127.0.0.1', () => { server.close(() => { resolve(true) }) })
  })
}
