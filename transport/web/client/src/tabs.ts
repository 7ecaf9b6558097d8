import type { createConnection, Greeting, Sink, Source, State } from "./connection.js";
import type { SSEError } from "./error.js";
import type { RawEvent } from "./parser.js";
import { createRing, type Kept } from "./ring.js";
import type { ClientOptions, Gap } from "./types.js";
import type { watchPage } from "./wakes.js";

/** What the tab that leads says. */
type Word =
  | { is: "lead" }
  | { is: "event"; event: RawEvent }
  | { is: "gap"; gap: Gap }
  | { is: "greeting"; greeting: Greeting }
  | { is: "state"; state: PlainState }
  | ({ is: "fill"; to: string; heartbeat: number | undefined; state: PlainState } & Kept)
  | { is: "alive" }
  | { is: "bye" };

/** What the others say. */
type Question = { is: "hello"; from: string; last: string | null } | { is: "ping" } | { is: "wake" };

/** Each leader has a later term than those before it, which may not know yet that they lead no more. */
type Message = (Word & { term: number }) | Question;

/** A State that can be posted: errors are events, which can't. */
type PlainState = Partial<Omit<State, "error"> & { error: Pick<SSEError, "code" | "message" | "status" | "retryIn"> | null }>;

export interface TabSink extends Sink {
  /** This tab is at that event, whatever it has had. */
  moveTo(id: string): void;
}

const answerWithin = 1000; // ms that a leader which is awake may take

/**
 * Gets the events of the one stream that all tabs of this origin share, and holds it if it
 * falls to this tab. Who has the lock leads; a browser passes it on when a tab closes or
 * crashes. A leader that is frozen keeps it and says nothing: then it is stolen.
 *
 * A tab queues for the lock only when it has caught up, so that whoever leads next goes on
 * from an id that no other tab is ahead of.
 */
export function shareStream(
  options: () => ClientOptions,
  sink: TabSink,
  key: string,
  // Given, not imported: this file is a chunk of its own, and would make a third of what both need.
  connect: typeof createConnection,
  watch: typeof watchPage,
  ErrorClass: typeof SSEError,
): Source {
  const locks = globalThis.navigator?.locks;
  if (!locks || !globalThis.BroadcastChannel) return connect(options, sink);

  const name = key + ":1"; // the form of the messages; tabs may run different versions
  const me = Math.random().toString(36);
  let ring = createRing(sink.last());
  let channel: BroadcastChannel | undefined; // open while this tab takes part
  let stream: Source | undefined; // while it leads
  let release: (() => void) | undefined;
  let queueing: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout>;
  let unwatch: (() => void) | undefined;
  let state: Partial<State> = {};
  let heartbeat: number | undefined;
  let heard = false; // the leader, since the last look
  let term = 0; // the latest that was heard of
  let filled = 0; // the term whose leader has brought this tab up to date: only then are its events the next ones
  let hellos = 0;

  const post = (message: Message) => channel?.postMessage(message);
  const say = (word: Word) => post({ ...word, term });

  const join = () => {
    filled = 0; // the same leader may have sent more while this tab was away
    channel = new BroadcastChannel(name);
    channel.onmessage = ({ data }: MessageEvent<Message>) => receive(data);
    locks
      .request(name, { ifAvailable: true }, (lock) => {
        if (lock) return lead();
        if (channel && !stream) hello(); // else this tab has gone meanwhile, or leads
        return undefined;
      })
      .catch(lostLock);
  };

  /** Leaves the others, and the lock to the next of them. */
  const part = () => {
    if (stream) say({ is: "bye" });
    stopStream();
    clearTimeout(timer);
    queueing?.abort();
    queueing = undefined;
    channel?.close();
    channel = undefined;
  };

  const stopStream = () => {
    stream?.stop();
    stream = undefined;
    release?.();
    release = undefined;
  };

  const stop = () => {
    unwatch?.();
    unwatch = undefined;
    part();
  };

  /** Holds the stream until the promise is resolved, and with it the lock. */
  const lead = () => {
    if (!channel || stream) return;
    clearTimeout(timer);
    queueing = undefined;
    term = Math.max(term + 1, Date.now());
    say({ is: "lead" });
    stream = connect(options, {
      last: sink.last,
      greeted(greeting) {
        say({ is: "greeting", greeting });
        greet(greeting);
      },
      state(change) {
        Object.assign(state, change);
        say({ is: "state", state: toPlain(change) });
        if (change.status === "closed") stop();
        sink.state(change);
      },
      event(event) {
        say({ is: "event", event }); // before this tab has it: what it has is never missing elsewhere
        ring.push(event);
        return sink.event(event);
      },
      gap(gap) {
        say({ is: "gap", gap });
        ring.gap();
        sink.gap(gap);
      },
    });
    const held = new Promise<void>((resolve) => (release = resolve));
    stream.start();
    return held;
  };

  /** The request for the lock was refused: by this tab itself, by the browser, or because another tab has stolen it. */
  const lostLock = (why: unknown) => {
    if (stream) {
      stopStream();
      hello();
    } else if (channel && (why as Error).name !== "AbortError") {
      part(); // no locks here, as in a sandboxed frame
      stream = connect(options, sink);
      stream.start();
    }
  };

  const hello = () => {
    filled = 0;
    post({ is: "hello", from: me + ++hellos, last: sink.last() });
    heard = true;
    // If nobody answers there is no leader, or one that can't: be there when the lock is free.
    look(answerWithin);
  };

  const queueUp = () => {
    if (queueing || stream) return;
    queueing = new AbortController();
    locks.request(name, { signal: queueing.signal }, lead).catch(lostLock);
  };

  /** Sees now and then whether the leader is alive: asks when it was quiet, steals when it does not answer. */
  const look = (within: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      queueUp();
      if (!heard) {
        queueing?.abort();
        queueing = undefined;
        return void locks.request(name, { steal: true }, lead).catch(lostLock);
      }
      heard = false;
      post({ is: "ping" });
      look(patience());
    }, within * (1 + Math.random() / 10)); // not all tabs at once
  };
  const patience = () => 1.25 * (options().heartbeatInterval ?? heartbeat ?? 30_000);

  const greet = (greeting: Greeting) => {
    heartbeat = greeting.heartbeatInterval;
    ring.begin(greeting.lastEventId);
    sink.greeted(greeting);
  };

  const receive = (message: Message) => {
    if (!("term" in message)) return answer(message);
    if (stream || message.term < term) return;
    heard = true;
    const news = message.term > term;
    term = message.term;
    switch (message.is) {
      case "fill":
        return message.to === me + hellos ? catchUp(message) : undefined;
      case "event":
        if (message.term !== filled) break;
        ring.push(message.event);
        return void sink.event(message.event);
      case "gap":
        ring.gap();
        return sink.gap(message.gap);
      case "greeting":
        return greet(message.greeting);
      case "state":
        return mirror(message.state);
      case "bye": // the lock should be here soon; if not, its holder was frozen before it could let go
        heard = false;
        return look(answerWithin);
    }
    if (news) hello();
  };

  const answer = (message: Question) => {
    if (!stream) return;
    if (message.is === "ping") say({ is: "alive" });
    else if (message.is === "wake") stream.wake();
    else if (message.is === "hello") {
      say({ is: "fill", to: message.from, heartbeat, state: toPlain(state), ...ring.after(message.last) });
    }
  };

  const catchUp = ({ before, broken, events, next, newest, lost, state, ...more }: Extract<Message, { is: "fill" }>) => {
    const from = sink.last();
    filled = term;
    heartbeat = more.heartbeat;
    ring = createRing(before, events, broken); // so that each tab could lead
    if (lost) sink.gap({ reason: "tab", ...(from && { from }), ...(newest && { to: newest }) });
    if (newest && (lost || !from)) sink.moveTo(newest);
    for (const event of events.slice(next)) void sink.event(event);
    mirror(state);
    if (channel) {
      queueUp();
      look(patience());
    }
  };

  const mirror = (change: PlainState) => {
    const { error, ...rest } = change;
    const next: Partial<State> = rest;
    if (error !== undefined) next.error = error && new ErrorClass(error.code, error.message, error);
    Object.assign(state, next);
    if (change.status === "closed") stop();
    sink.state(next);
  };

  const wake = () => {
    if (!channel && !stream) join();
    else if (!stream) post({ is: "wake" });
  };

  return {
    start() {
      if (stream) stream.start();
      else if (unwatch) wake();
      else {
        // A stream of its own watches the page itself; these are for the tab's part among the others.
        unwatch = watch(wake, part, () => {});
        sink.state({ status: "connecting" });
        join();
      }
    },
    stop,
    wake,
  };
}

function toPlain(state: Partial<State>): PlainState {
  const { error, ...rest } = state;
  if (error === undefined) return rest;
  if (error === null) return { ...rest, error };
  const { code, message, status, retryIn } = error;
  return { ...rest, error: { code, message, status, retryIn } };
}
