import { SSEError } from "./error.js";
import { createParser, type RawEvent } from "./parser.js";
import { refusal, request } from "./request.js";
import type { ClientOptions } from "./types.js";

/** How an attempt ended. */
export interface End {
  /** None: the server said 204, "do not come back". */
  error?: SSEError;
  /** It can't heal by itself; a 401 can by another token. */
  final?: boolean;
  /** The server asks to wait for at least so many ms. */
  wait?: number | undefined;
}

export interface StreamHandlers {
  /** Bytes came, whatever they say. */
  heard(): void;
  comment(): void;
  retry(ms: number): void;
  /** Reading goes on when the promise is settled: a slow receiver slows the server. */
  event(event: RawEvent): void | Promise<void>;
}

/** Makes one attempt and reads its stream to the end. Never rejects. When `signal` is aborted it calls nobody any more. */
export async function openStream(
  options: ClientOptions,
  lastEventId: string | null,
  refresh: boolean,
  signal: AbortSignal,
  on: StreamHandlers,
): Promise<End> {
  try {
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (lastEventId) headers["Last-Event-ID"] = lastEventId;
    const response = await request(options, address(options), { headers, signal }, refresh);
    const { status } = response;
    if (status === 204) return {};
    if (status !== 200) {
      return {
        error: await refusal(response),
        // What the client did wrong stays wrong; 408, 425 and 429 are about the time.
        final: status < 500 && ![408, 425, 429].includes(status),
        wait: retryAfter(response.headers.get("Retry-After")),
      };
    }
    const type = response.headers.get("Content-Type");
    if (!/^text\/event-stream\b/i.test(type!)) {
      return { error: new SSEError("NOT_A_STREAM", "got " + type, { status }), final: true };
    }
    return await read(response.body!, signal, on);
  } catch (cause) {
    return { error: cause instanceof SSEError ? cause : new SSEError("NETWORK", String(cause), { cause }) };
  }
}

async function read(body: ReadableStream<Uint8Array>, signal: AbortSignal, on: StreamHandlers): Promise<End> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const events: RawEvent[] = [];
  const parse = createParser((event) => events.push(event), on.comment, on.retry);
  for (;;) {
    const { done, value } = await reader.read();
    if (done || signal.aborted) break;
    on.heard();
    parse(decoder.decode(value, { stream: true }));
    for (const event of events.splice(0)) {
      if (signal.aborted) break;
      const pending = on.event(event);
      if (pending) await pending;
    }
  }
  return { error: new SSEError("STREAM_ENDED", "stream ended") };
}

/** Where the stream is. Two clients with the same address can share one. */
export function address({ url = "/api/sse", sessionId, topics = [], device, userId }: ClientOptions): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ sessionId, topics: [...topics].sort().join(), device, userId })) {
    if (value) query.set(name, value);
  }
  return `${query}` ? url + (url.includes("?") ? "&" : "?") + query : url;
}

/** Seconds or a date (RFC 9110 10.2.3), in ms from now. */
function retryAfter(value: string | null): number | undefined {
  if (value) return (+value >= 0 ? +value * 1000 : Date.parse(value) - Date.now()) || undefined;
}
