/** An event as it came; tabs pass it on like this. */
export interface RawEvent {
  type: string;
  data: string;
  id?: string;
  retry?: number;
}

const most = 1 << 26; // characters of one event: the most that a server can be told to accept

/**
 * Reads an event stream (WHATWG HTML 9.2.6) in pieces that may be cut anywhere, and calls
 * `onEvent` for each event, `onComment` for each comment, and `onRetry` for each `retry:`, as it
 * holds without an event, too. An `id` without data is not kept.
 */
export function createParser(
  onEvent: (event: RawEvent) => void,
  onComment: () => void,
  onRetry: (ms: number) => void,
): (piece: string) => void {
  let rest = ""; // of a line that is not yet whole
  let size = 0;
  let cr = false; // the last piece ended with one, and a line feed may belong to it
  let event: Partial<RawEvent> = {};
  let data: string[] = [];
  return (piece) => {
    if ((size += piece.length) > most) throw new RangeError("event too large");
    const lines = piece.slice(+(cr && piece[0] === "\n")).split(/\r\n|\r|\n/);
    cr = piece.endsWith("\r");
    lines[0] = rest + lines[0];
    rest = lines.pop()!;
    for (const line of lines) {
      const [, name, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)!;
      if (!line) {
        if (data.length) onEvent({ ...event, type: event.type || "message", data: data.join("\n") });
        event = {};
        data = [];
        size = rest.length;
      }
      else if (!name) onComment();
      else if (name === "data") data.push(value);
      else if (name === "event") event.type = value;
      else if (name === "id" && !value.includes("\0")) event.id = value;
      else if (name === "retry" && /^\d+$/.test(value)) onRetry((event.retry = +value));
    }
  };
}
