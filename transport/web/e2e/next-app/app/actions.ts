'use server'

import { after } from 'next/server'
import { sseUtils } from 'sseactor/server'
import { auth, signIn, signOut } from '@/auth'

export async function enter (form: FormData): Promise<void> {
  await signIn('credentials', { name: form.get('name'), redirectTo: '/' })
}

export async function leave (): Promise<void> {
  const session = await auth()
  // The user's other tabs too. It is done when this answer is sent: their cookie is gone
  // then, so that they do not come back.
  if (session) after(async () => { await sseUtils.disconnect({ userId: session.user.id }) })
  await signOut({ redirectTo: '/' })
}
