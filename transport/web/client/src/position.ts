/** Where a client is among the events: what it has had, and what to ask for when it comes back. */
export interface Position {
  /** Of the newest event that was delivered. */
  readonly id: string | null;
  /** Whether the event was delivered lately. */
  has(id: string | undefined): boolean;
  /** The event was delivered; one without an id moves nothing. */
  move(id: string | undefined): void;
}

const most = 1000; // ids that are remembered: ids of publishers are in no order, so only a list tells a repetition

/** @param key where sessionStorage keeps it; none: it is gone with the page. */
export function createPosition(key: string | false, begin: string | undefined): Position {
  /** Storage may be absent, forbidden or full; then a reload begins anew. */
  const stored = (value?: string | null): string | undefined => {
    try {
      if (key) return value ? (sessionStorage[key] = value) : sessionStorage[key];
    } catch {}
    return undefined;
  };
  let id = begin ?? stored() ?? null;
  let unsaved = false;
  const recent = new Set<string | undefined>(id ? [id] : []);
  return {
    get id() {
      return id;
    },
    has: (other) => recent.has(other),
    move(next) {
      if (!next) return;
      id = next;
      recent.add(next);
      if (recent.size > most) recent.delete(recent.values().next().value);
      if (unsaved) return;
      unsaved = true;
      // After delivery, so that a crash loses nothing; and once for all that came together.
      queueMicrotask(() => {
        unsaved = false;
        stored(id);
      });
    },
  };
}
