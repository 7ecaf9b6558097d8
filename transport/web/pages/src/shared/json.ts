/** What a person has typed as an event's data. */
export type Typed = { ok: true; value: unknown; kind: 'json' | 'text' } | { ok: false; fault: string }

/**
 * Reads the data of an event. What begins like JSON must be JSON, or a missing quote would
 * send half an object as text; anything else goes out as the text that it is.
 */
export function readData(text: string): Typed {
  const trimmed = text.trim()
  if (trimmed === '') return { ok: true, value: '', kind: 'text' }
  try {
    return { ok: true, value: JSON.parse(trimmed), kind: 'json' }
  } catch (error) {
    if (!/^[{["]/.test(trimmed)) return { ok: true, value: text, kind: 'text' }
    return { ok: false, fault: fault(text, error) }
  }
}

function fault(text: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const at = /position (\d+)/.exec(message)
  if (at === null) return /end of JSON|Unterminated/i.test(message) ? 'it ends too early' : message
  const before = text.slice(0, leading(text) + Number(at[1]))
  const line = before.split('\n').length
  const column = before.length - before.lastIndexOf('\n')
  const what = message.replace(/\s*in JSON at position.*$/, '').replace(/^./, (c) => c.toLowerCase())
  return `line ${line}, column ${column}: ${what}`
}

const leading = (text: string): number => text.length - text.trimStart().length

/** JSON as a person reads it; text stays text. */
export function pretty(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2) ?? String(value)
}

/** JSON in one line. */
export function compactJson(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value) ?? String(value)
}
