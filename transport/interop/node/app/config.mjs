// What both packages are configured with: their options have the same names.
import { idOf, memory } from './people.mjs'

/** Links that were mailed, by address. */
export const mail = new Map()

export function config ({ secret, sessions, story = 0 }, Credentials) {
  const common = {
    secret,
    session: { strategy: sessions },
    callbacks: {
      jwt ({ token, user }) {
        if (user) token.story = 'x'.repeat(story) // as roles and permissions make one large
        return token
      },
      session ({ session, token, user }) {
        session.user.id = user?.id ?? token.sub
        return session
      }
    }
  }
  if (sessions === 'jwt') {
    return {
      ...common,
      providers: [Credentials({
        credentials: { name: { label: 'Name', type: 'text' } },
        authorize: ({ name }) => name ? { id: idOf(name), name } : null
      })]
    }
  }
  return {
    ...common,
    adapter: memory(),
    providers: [{
      id: 'email',
      type: 'email',
      name: 'Email',
      from: 'app@example.com',
      maxAge: 600,
      async sendVerificationRequest ({ identifier, url }) {
        mail.set(identifier, url)
      }
    }]
  }
}
