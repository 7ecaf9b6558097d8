import { auth } from '@/auth'
import { enter, leave } from './actions'
import { Events } from './events'
import { Order } from './order'

export default async function Page () {
  const session = await auth()
  if (!session) {
    return (
      <form action={enter}>
        <label>Name <input name="name" required /></label>
        <button>Sign in</button>
      </form>
    )
  }
  return (
    <main>
      <h1>Orders of {session.user.name}</h1>
      <Events device="proxied" />
      <Order />
      <form action={leave}><button>Sign out</button></form>
    </main>
  )
}
