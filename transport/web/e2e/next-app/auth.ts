import NextAuth, { type DefaultSession } from 'next-auth'
import Credentials from 'next-auth/providers/credentials'

declare module 'next-auth' {
  interface Session {
    user: { id: string } & DefaultSession['user']
  }
}

export const { handlers, auth, signIn, signOut } = NextAuth({
  session: { strategy: 'jwt' },
  providers: [
    Credentials({
      credentials: { name: {} },
      // Whoever knows a name: this app is for tests.
      authorize: ({ name }) => typeof name === 'string' && name !== '' ? { id: name.toLowerCase(), name } : null
    })
  ],
  callbacks: {
    // The claim sub is what sseactor takes for the user as well.
    session: ({ session, token }) => ({ ...session, user: { ...session.user, id: token.sub ?? '' } })
  }
})
