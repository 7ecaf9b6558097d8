import { createHmac } from 'node:crypto'

/** A token signed with HS256, good for so many seconds. */
export function jwt (secret: string, userId: string, seconds: number): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: userId, exp: Math.floor(Date.now() / 1000) + seconds })}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}
