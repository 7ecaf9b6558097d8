import type { SSEError } from "./error.js";
import type { StandardSchemaV1 } from "./standard-schema.js";

/** An event as it is delivered. */
export interface SSEEvent<T = unknown, N extends string = string> {
  /** Its name; `message` if the server gave none. */
  type: N;
  /** What it carries: parsed if it is JSON, else the text. */
  data: T;
  /** Names it for good; the same event has the same id whenever it is sent again. */
  id?: string;
  retry?: number;
}

/**
 * The events that an `interface Events { notification: { message: string }; … }` names,
 * as a union that `event.type` tells apart.
 */
export type EventOf<M> = { [N in keyof M & string]: SSEEvent<M[N], N> }[keyof M & string];

/**
 * - `idle`: not asked to connect yet.
 * - `connecting`: a request is under way.
 * - `open`: the server has greeted.
 * - `waiting`: for the time of the next attempt.
 * - `offline`: for the network to come back.
 * - `closed`: by `disconnect()`, or because the server will not have it.
 */
export type Status = "idle" | "connecting" | "open" | "waiting" | "offline" | "closed";

/** Events may be missing: load your state anew. */
export interface Gap {
  /**
   * - `partial`: the server no longer had all that was missed.
   * - `reset`: the server does not know where this client was.
   * - `dropped`: this client was too slow, and the server dropped some.
   * - `tab`: the tab that holds the stream no longer had all that this one missed.
   */
  reason: "partial" | "reset" | "dropped" | "tab";
  from?: string;
  to?: string;
  /** How many were dropped. */
  dropped?: number;
}

/** Who is called; an exception in one is reported, and stops nothing. */
export interface Handlers<M = Record<string, unknown>> {
  /** Once for every event, in order. */
  onEvent?: ((event: EventOf<M>) => void) | undefined;
  /** Something went wrong; `retryIn` says whether and when it is tried again. */
  onError?: ((error: SSEError) => void) | undefined;
  /** A stream has opened, the first or a later one. */
  onOpen?: (() => void) | undefined;
  /** The client is closed: by `disconnect()`, or because the server will not have it. */
  onClose?: (() => void) | undefined;
  /** Events may be missing. */
  onGap?: ((gap: Gap) => void) | undefined;
}

/** What may change while a client lives; a change holds from the next attempt on. */
export interface MutableOptions<M = Record<string, unknown>> extends Handlers<M> {
  /** Come back after the stream has ended; default true. */
  reconnect?: boolean | undefined;
  /** Base of the backoff in ms, default 1000, until the server says its own. */
  reconnectInterval?: number | undefined;
  /** Cap of the backoff in ms; default 30000. */
  maxReconnectInterval?: number | undefined;
  /** Sent with each request; a function is called for each. */
  headers?: HeadersInit | (() => HeadersInit | Promise<HeadersInit>) | undefined;
  /**
   * Gives the token to send as `Authorization: Bearer`, for each request.
   * `refresh`: the last one was refused or has expired, so get a new one.
   */
  getToken?:
    | ((why: { refresh: boolean }) => string | null | undefined | Promise<string | null | undefined>)
    | undefined;
  /** Send cookies to another origin, too. */
  withCredentials?: boolean | undefined;
  /**
   * Longest silence of the server in ms; default: what it says itself, else 30000.
   * After two and a half of them the stream counts as dead.
   */
  heartbeatInterval?: number | undefined;
  /** Checks the data of events, by their names; any Standard Schema will do. */
  schemas?: { [N in keyof M]?: StandardSchemaV1<unknown, M[N]> } | undefined;
  /** Used instead of the global one. */
  fetch?: typeof fetch | undefined;
}

export interface ClientOptions<M = Record<string, unknown>> extends MutableOptions<M> {
  /** Default `/api/sse`. */
  url?: string | undefined;
  /** Names the session whose events are wanted; lets a visitor in. */
  sessionId?: string | undefined;
  topics?: readonly string[] | undefined;
  /** Names this device's place in its user's mailbox. */
  device?: string | undefined;
  /** For services that may read for a user. */
  userId?: string | undefined;
  /** One stream for all tabs of this origin that ask for the same; default false. */
  shareAcrossTabs?: boolean | undefined;
  /** Where to go on; default: where this tab was before it was loaded anew. */
  lastEventId?: string | undefined;
  /** Keep the last event's id in sessionStorage; default true. */
  resume?: boolean | undefined;
}

/** What is known of a client at one time. It does not change; a new one takes its place. */
export interface Snapshot<M = Record<string, unknown>> {
  status: Status;
  isConnected: boolean;
  isConnecting: boolean;
  /** Why there is no stream now; null while there is one. */
  error: SSEError | null;
  lastEvent: EventOf<M> | null;
  /** Attempts that failed since the last stream that held for five seconds. */
  attempt: number;
  lastEventId: string | null;
  /** The server's name for this stream. */
  clientId: string | null;
  topics: readonly string[];
}

/** Who gets an event that is sent, and how; none of the targets: everybody. */
export interface SendOptions {
  userId?: string | undefined;
  sessionId?: string | undefined;
  clientIds?: readonly string[] | undefined;
  topics?: readonly string[] | undefined;
  id?: string | undefined;
  retry?: number | undefined;
  priority?: "low" | "normal" | "high" | undefined;
  persistent?: boolean | undefined;
  /** Seconds for which somebody who was away still gets it. */
  ttl?: number | undefined;
  /** Makes a repeated call safe: the same key sends nothing again. */
  idempotencyKey?: string | undefined;
  signal?: AbortSignal | undefined;
}

export interface SendResult {
  success: boolean;
  /** For how many streams it was queued. */
  eventsSent: number;
  event: SSEEvent;
  persisted?: boolean;
}

export interface SSEClient<M = Record<string, unknown>> {
  getSnapshot(): Snapshot<M>;
  /** Calls the listener whenever the snapshot has changed. Gives what ends that. */
  subscribe(listener: () => void): () => void;
  /** Calls the listener for each event, or the handlers for all that happens. Gives what ends that. */
  on(listener: ((event: EventOf<M>) => void) | Handlers<M>): () => void;
  /** Opens the stream, or tries at once if it waits; nothing if it is open. */
  connect(): void;
  disconnect(): void;
  /** Sends an event. Rejects with an {@link SSEError} if it was refused. */
  sendEvent(event: string, data: unknown, options?: SendOptions): Promise<SendResult>;
  /** Changes what may change; options that are not given stay as they are. */
  setOptions(options: MutableOptions<M>): void;
}
