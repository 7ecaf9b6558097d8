/** What became of the events that were sent, by their ids. */
export interface Comparison { lost: string[], doubled: string[], unexpected: string[], inOrder: boolean }

export function compare (sent: readonly string[], got: ReadonlyArray<string | undefined>): Comparison {
  const wanted = new Set(sent)
  const times = new Map<string, number>()
  for (const id of got) times.set(String(id), (times.get(String(id)) ?? 0) + 1)
  const firsts = [...times.keys()].filter((id) => wanted.has(id)) // a Map keeps the order of arrival
  const expected = sent.filter((id) => times.has(id))
  return {
    lost: sent.filter((id) => !times.has(id)),
    doubled: [...times].filter(([, count]) => count > 1).map(([id]) => id),
    unexpected: [...times.keys()].filter((id) => !wanted.has(id)),
    inOrder: firsts.every((id, i) => id === expected[i])
  }
}
