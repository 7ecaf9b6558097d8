import { after } from 'next/server'
import { sseUtils } from 'sseactor/server'
import { auth } from '@/auth'

/** Takes an order, and tells all tabs of the user. */
export async function POST (request: Request): Promise<Response> {
  const session = await auth()
  if (!session) return Response.json({ error: 'sign in' }, { status: 401 })
  const userId = session.user.id
  const order = await request.json() as { item: string }
  const { id } = await sseUtils.sendUpdate('orders', 'created', order, { userId })
  after(async () => {
    await sseUtils.sendNotification(`The receipt for ${order.item} is on its way`, 'success', { userId })
  })
  return Response.json({ id })
}
