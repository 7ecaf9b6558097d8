// Who the app knows. The order says how much a session says of each of them.

/** In place of a database: what both packages ask of an adapter, for sign-in by mail. */
export function memory () {
  const people = new Map()
  const sessions = new Map()
  const invitations = new Map()
  const find = (test) => [...people.values()].find(test) ?? null
  const take = (map, key) => {
    const value = map.get(key) ?? null
    map.delete(key)
    return value
  }
  return {
    async createUser ({ email, emailVerified }) {
      const user = { id: idOf(email), email, emailVerified }
      people.set(user.id, user)
      return user
    },
    getUser: async (id) => people.get(id) ?? null,
    getUserByEmail: async (email) => find((user) => user.email === email),
    getUserByAccount: async () => null, // nobody signs in by OAuth here
    linkAccount: async () => {},
    async updateUser (changed) {
      const user = { ...people.get(changed.id), ...changed }
      people.set(user.id, user)
      return user
    },
    async createSession (session) {
      sessions.set(session.sessionToken, session)
      return session
    },
    async getSessionAndUser (token) {
      const session = sessions.get(token)
      return session ? { session, user: people.get(session.userId) } : null
    },
    async updateSession (changed) {
      const session = { ...sessions.get(changed.sessionToken), ...changed }
      sessions.set(session.sessionToken, session)
      return session
    },
    deleteSession: async (token) => take(sessions, token),
    async createVerificationToken (invitation) {
      invitations.set(invitation.token, invitation)
      return invitation
    },
    useVerificationToken: async ({ token }) => take(invitations, token)
  }
}

/** The id of whoever signs in by that name or address. */
export const idOf = (name) => `user:${name}`
