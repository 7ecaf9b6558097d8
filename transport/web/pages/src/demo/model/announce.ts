import type { Mood, Toast } from '../../shared/toasts'

const moods = new Map<string, Mood>([
  ['success', 'good'], ['warning', 'warn'], ['error', 'bad'], ['maintenance', 'warn'],
])

/** The message for people in an event, if it is one that has any. */
export function announce(type: string, data: unknown): Omit<Toast, 'id'> | null {
  if (typeof data !== 'object' || data === null) return null
  const { message, title, type: kind, level } = data as Record<string, unknown>
  if (typeof message !== 'string') return null
  switch (type) {
    case 'notification': return { mood: mood(kind), label: `Notification · ${word(kind, 'info')}`, text: message }
    case 'alert': return { mood: 'warn', label: `Alert · ${word(title, '')}`, text: message }
    case 'system': return { mood: mood(level), label: `System · ${word(level, 'info')}`, text: message }
    default: return null
  }
}

const mood = (kind: unknown): Mood => moods.get(word(kind, '')) ?? 'info'

/** Events say what their senders want: any JSON may stand here. */
const word = (said: unknown, otherwise: string): string => (typeof said === 'string' ? said : otherwise)
