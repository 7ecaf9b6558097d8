import { createConnection, type Source, type State } from "./connection.js";
import { SSEError } from "./error.js";
import { parse } from "./json.js";
import { createPosition } from "./position.js";
import { refusal, request } from "./request.js";
import { address } from "./stream.js";
import type { RawEvent } from "./parser.js";
import type { TabSink } from "./tabs.js";
import type { StandardSchemaV1 } from "./standard-schema.js";
import type { ClientOptions, EventOf, Handlers, MutableOptions, SendResult, Snapshot, SSEClient } from "./types.js";
import { watchPage } from "./wakes.js";

/** What a client that does nothing yet shows; also what a server renders. */
export const idle: Snapshot & { lastEvent: null } = {
  status: "idle",
  isConnected: false,
  isConnecting: false,
  error: null,
  lastEvent: null,
  attempt: 0,
  lastEventId: null,
  clientId: null,
  topics: [],
};

/** Sends an event. How is a chunk of its own: most pages only listen. */
export const sendEvent = async (options: ClientOptions, ...args: Parameters<SSEClient["sendEvent"]>): Promise<SendResult> =>
  (await import("./send.js")).send(request, refusal, options, ...args);

/** Makes a client. It opens nothing until `connect()`. */
export function createSSEClient<M = Record<string, unknown>>(given: ClientOptions<M> = {}): SSEClient<M> {
  let options = { ...given };
  // The parts that know nothing of the types of events.
  const plain = () => options as ClientOptions;
  const key = "sseactor:" + address(plain());
  const stored = given.resume !== false && !!globalThis.document; // a server's processes have no tab
  const position = createPosition(stored && key, given.lastEventId);
  const subscribers = new Set<() => void>();
  const handlers = new Set<Handlers<M>>();
  let snapshot: Snapshot<M> = { ...idle, topics: given.topics ?? idle.topics, lastEventId: position.id };
  let source: Source | undefined;
  let life = 0; // counts disconnects: what was on its way at one is not delivered
  let queue = Promise.resolve(); // events that wait for the schema of an earlier one

  const call = <K extends keyof Handlers<M>>(name: K, ...args: Parameters<NonNullable<Handlers<M>[K]>>) => {
    for (const h of [options, ...handlers]) {
      guard(() => (h[name] as ((...a: typeof args) => void) | undefined)?.(...args));
    }
  };

  const patch = (change: Partial<Snapshot<M>>) => {
    snapshot = { ...snapshot, ...change };
    for (const listener of subscribers) guard(listener);
  };

  const state = (change: Partial<State>) => {
    const { status: before } = snapshot;
    const { status = before, error } = change;
    patch({ ...change, isConnected: status === "open", isConnecting: status === "connecting" });
    if (error) call("onError", error);
    if (status === before) return;
    if (status === "open") call("onOpen");
    if (status === "closed") call("onClose");
  };

  const pass = (raw: RawEvent, data: unknown, issues?: unknown) => {
    if (position.has(raw.id)) return;
    position.move(raw.id); // one that its schema refuses would be refused again
    if (issues) {
      return call("onError", new SSEError("INVALID_EVENT", raw.type + ": not what its schema says", { cause: issues }));
    }
    const event = { ...raw, data } as EventOf<M>;
    patch({ lastEvent: event, lastEventId: position.id });
    call("onEvent", event);
  };

  const sink: TabSink = {
    last: () => position.id,
    greeted: ({ lastEventId }) => lastEventId && !position.id && sink.moveTo(lastEventId),
    moveTo(id) {
      position.move(id);
      patch({ lastEventId: id });
    },
    state,
    gap: (gap) => call("onGap", gap),
    event(raw) {
      const data = parse(raw.data);
      if (!options.schemas) return pass(raw, data);
      const mine = life;
      return (queue = queue.then(async () => {
        let result: { value?: unknown; issues?: unknown } = { value: data };
        try {
          const schema = (options.schemas as Record<string, StandardSchemaV1 | undefined>)[raw.type]?.["~standard"];
          if (schema) result = await schema.validate(data);
        } catch (issues) {
          result = { issues };
        }
        if (mine === life) pass(raw, result.value, result.issues);
      }));
    },
  };

  const connect = async () => {
    if (!source && options.shareAcrossTabs) {
      const mine = life;
      state({ status: "connecting" });
      // Its own chunk: most pages do without. It fails offline, and when a deployment took it away.
      const tabs = await import("./tabs.js").catch(() => undefined);
      if (mine !== life) return;
      source ??= tabs?.shareStream(plain, sink, key, createConnection, watchPage, SSEError);
    }
    source ??= createConnection(plain, sink);
    source.start();
  };

  return {
    getSnapshot: () => snapshot,
    subscribe: (listener) => add(subscribers, listener),
    on: (listener) => add(handlers, typeof listener === "function" ? { onEvent: listener } : listener),
    connect: () => void connect(),
    disconnect() {
      life++;
      source?.stop();
      source = undefined;
      state({ status: "closed", error: null, clientId: null });
    },
    sendEvent: (...args) => sendEvent(options as ClientOptions, ...args),
    setOptions(change) {
      for (const name in change) {
        const key = name as keyof MutableOptions<M>;
        options = change[key] === undefined ? options : { ...options, [key]: change[key] };
      }
    },
  };
}

/** Adds to a set; gives what takes it out. */
function add<T>(set: Set<T>, item: T): () => void {
  set.add(item);
  return () => void set.delete(item);
}

/** Runs a caller's code; its fault is its own, and is shown where uncaught ones are. */
function guard(run: () => void): void {
  try {
    run();
  } catch (error) {
    (globalThis.reportError ?? console.error)(error);
  }
}
