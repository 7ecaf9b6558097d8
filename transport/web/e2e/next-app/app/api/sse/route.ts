import { auth } from '@/auth'
import { createSSEProxy } from 'sseactor/server'

export const GET = createSSEProxy({
  authorize: async () => {
    const session = await auth()
    return session && { userId: session.user.id, topics: ['news'] }
  }
})
