import { SSEError } from "./error.js";
import { parse } from "./json.js";
import type { RawEvent } from "./parser.js";
import { type End, openStream } from "./stream.js";
import type { ClientOptions, Gap, Snapshot, Status } from "./types.js";
import { isOffline, watchPage } from "./wakes.js";

/** What is told of a stream, by the connection that holds it or by the tab that does. */
export type State = Pick<Snapshot, "status" | "attempt" | "error" | "clientId">;

/** What a server says of itself when a stream opens. */
export interface Greeting {
  /** The newest event there is: a client that has had none goes on from here. */
  lastEventId?: string | undefined;
  heartbeatInterval?: number | undefined;
}

/** Who is told. */
export interface Sink {
  /** The id to go on from. */
  last(): string | null;
  /** The server has greeted. */
  greeted(greeting: Greeting): void;
  state(change: Partial<State>): void;
  event(event: RawEvent): void | Promise<void>;
  gap(gap: Gap): void;
}

/** What a client gets its events from. */
export interface Source {
  /** Begins, or tries at once if it waits. */
  start(): void;
  /** Ends it; nobody is told. */
  stop(): void;
  /** It may have been asleep: look whether the stream is alive, and do not wait longer for no reason. */
  wake(): void;
}

const healthyAfter = 5000; // ms that a stream must hold for the backoff to begin anew
const spread = 1000; // ms over which clients that wake for the same reason spread their attempts
const longest = 2 ** 31 - 1; // ms that a timer can be set to; beyond it fires at once

/**
 * Holds one stream and brings it back.
 *
 * Two streams can't be open: whatever changes the state calls `halt` first, which aborts the
 * attempt and stops the timer there is, and an aborted attempt calls nobody.
 * The sink is told last, as it may call back.
 */
export function createConnection(options: () => ClientOptions, sink: Sink): Source {
  let status: Status = "idle";
  let attempt: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout>; // of the next attempt, or while there is one the watchdog's
  let health: ReturnType<typeof setTimeout>;
  let unwatch: (() => void) | undefined;
  let failures = 0;
  let refresh = false; // ask for a new token
  let refreshed = false; // that was tried since the last healthy stream
  let retry: number | undefined; // what the server says of coming back
  let heartbeat: number | undefined; // and of its silences
  let heard = 0; // when something last came
  let due = Infinity; // when the next attempt is made; Infinity: when somebody wakes it
  let earliest = 0; // when the server lets it come back

  const halt = () => {
    attempt?.abort();
    attempt = undefined;
    clearTimeout(timer);
    clearTimeout(health);
    due = Infinity;
  };

  const tell = (next: Status, more?: Partial<State>) =>
    sink.state({ status: (status = next), attempt: failures, ...more });

  const tryAt = (time: number) => {
    clearTimeout(timer);
    due = time;
    timer = setTimeout(open, Math.min(longest, time - Date.now()));
  };

  const open = () => {
    halt();
    const { signal } = (attempt = new AbortController());
    heard = Date.now();
    watchdog();
    tell("connecting");
    if (signal.aborted) return;
    void openStream(options(), sink.last(), refresh, signal, {
      heard: () => (heard = Date.now()),
      comment: () => signal.aborted || opened(),
      retry: (ms) => (retry = ms),
      event: receive,
    }).then((end) => signal.aborted || settle(end));
  };

  // Not at the head of the answer: a server that is full answers 200, too, and says so in an error
  // event (EventSource gives up on any other status), and a proxy may hold back what follows the head.
  const opened = (clientId: string | null = null) => {
    if (status === "open") return;
    refresh = false;
    health = setTimeout(() => {
      failures = 0;
      refreshed = false;
      tell(status);
    }, healthyAfter);
    tell("open", { error: null, clientId });
  };

  const receive = (event: RawEvent): void | Promise<void> => {
    heard = Date.now(); // what was before it may have taken long
    const { type, data } = event;
    if (type === "error") {
      const { code = "SERVER_ERROR", message = data } = Object(parse(data));
      return settle({ error: new SSEError(code, message), wait: event.retry });
    }
    if (type === "connection") return greet(Object(parse(data)));
    opened();
    // Whoever was told that it is open may have ended it.
    if (type !== "heartbeat" && attempt) return sink.event(event);
  };

  const greet = (said: any) => {
    if (said.status === "gap") gap("dropped", said);
    if (said.status !== "connected") return;
    heartbeat = said.heartbeatInterval;
    sink.greeted(said);
    opened(said.clientId);
    const missed = Object(said.resume);
    if (attempt && /partial|reset/.test(missed.status)) gap(missed.status, missed);
  };

  // What the server does not say stays undefined.
  const gap = (reason: Gap["reason"], { from, to, dropped }: Gap) => sink.gap({ reason, from, to, dropped } as Gap);

  const watchdog = () => {
    const patience = 2.5 * (options().heartbeatInterval ?? heartbeat ?? 30_000);
    heard = Math.min(heard, Date.now()); // the clock may have been set back
    const left = heard + patience - Date.now();
    clearTimeout(timer);
    if (left > 0) timer = setTimeout(watchdog, left);
    else settle({ error: new SSEError("TIMEOUT", "silent for " + patience + " ms") }, status === "open");
  };

  /** @param soon the stream was good, and there is no reason to keep away. */
  const settle = ({ error, final, wait }: End, soon?: boolean) => {
    halt();
    const { reconnect = true, reconnectInterval = 1000, maxReconnectInterval = 30_000, getToken } = options();
    const now = Date.now();
    const expired = error?.status === 401 || error?.code === "SESSION_EXPIRED";
    let delay = 0;
    if (expired && getToken && !refreshed && (reconnect || final)) refreshed = refresh = true;
    else if (!error || final || !reconnect) {
      stop();
      return tell("closed", { error: error ?? null });
    } else {
      refresh ||= expired;
      const backoff = Math.random() * Math.min(maxReconnectInterval, (retry || reconnectInterval) * 2 ** failures++);
      // A server's `retry:` is random already; what asks many to wait for the same time is not.
      earliest = wait ? now + wait + Math.random() * reconnectInterval : 0;
      delay = soon ? Math.random() * spread : Math.max(backoff, retry ?? 0, earliest - now);
    }
    (error as { retryIn?: number }).retryIn = delay;
    if (isOffline()) return tell("offline", { error });
    tryAt(now + delay);
    // A token that is refused is no failure while it can be renewed.
    tell("waiting", final ? {} : { error });
  };

  const stop = () => {
    halt();
    unwatch?.();
    unwatch = undefined;
  };

  const wake = () => {
    if (attempt) watchdog();
    else if (!isOffline()) {
      const time = Math.max(earliest, Date.now() + Math.random() * spread);
      if (time >= due) return;
      tryAt(time);
      tell("waiting");
    }
  };

  // A page that is frozen or kept for "back" reads nothing, and the server would take it for slow.
  const rest = (next: Status) => () => {
    halt();
    tell(next);
  };

  return {
    start() {
      if (attempt) return;
      if (!unwatch) {
        unwatch = watchPage(wake, rest("waiting"), rest("offline"));
        failures = earliest = 0;
        refreshed = refresh = false;
      }
      open();
    },
    stop,
    wake,
  };
}
