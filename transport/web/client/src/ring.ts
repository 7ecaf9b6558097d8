import type { RawEvent } from "./parser.js";

/** The last events of a stream, for tabs that have missed some. Events without an id can't be missed by one, and are not kept. */
export interface Ring {
  push(event: RawEvent): void;
  /** Where the stream is, if nothing has come yet. */
  begin(id: string | null | undefined): void;
  /** The stream has lost events here: who is not past this has missed some. */
  gap(): void;
  /** All of it, and what of that is new to a tab that is at this id. */
  after(id: string | null): Kept;
}

export interface Kept {
  /** The id ahead of the first event. */
  before: string | null;
  /** Between it and the first event others are missing. */
  broken?: boolean | undefined; // tabs of an earlier version do not say
  events: RawEvent[];
  /** Index of the first event that the tab has not had. */
  next: number;
  newest: string | null;
  /** It can't tell: that id is no longer kept, or never was. */
  lost: boolean;
}

// What is full loses its oldest; a tab that needs it is told of a gap.
const mostEvents = 256;
const mostCharacters = 1 << 19;

export function createRing(before: string | null, events: RawEvent[] = [], broken = false): Ring {
  let size = 0;
  for (const event of events) size += event.data.length;
  return {
    push(event) {
      if (!event.id) return;
      events.push(event);
      size += event.data.length;
      while (events.length > mostEvents || size > mostCharacters) {
        const oldest = events.shift()!;
        size -= oldest.data.length;
        before = oldest.id!;
        broken = false;
      }
    },
    begin(id) {
      before ??= id ?? null;
    },
    gap() {
      before = events.at(-1)?.id ?? before;
      events = [];
      size = 0;
      broken = true;
    },
    after(id) {
      const newest = events.at(-1)?.id ?? before;
      const next = id === null || id === newest ? events.length : events.map((e) => e.id).lastIndexOf(id) + 1;
      const lost = id !== null && next === 0 && (broken || id !== before && newest !== id);
      // A tab that is ahead has missed nothing; what it has had comes again, and it knows.
      const ahead = lost && isLater(id, newest);
      return { before, broken, events, next: lost ? events.length : next, newest, lost: lost && !ahead };
    },
  };
}

/** Whether both are ids that the server made and the first is the later one: then this tab is behind, not the other. */
function isLater(a: string, b: string | null): boolean {
  const [x, y] = [a, b ?? ""].map((id) => /^(\d+)-(\d+)$/.exec(id)?.slice(1).map(Number));
  return !!x && !!y && (x[0]! - y[0]! || x[1]! - y[1]!) > 0;
}
