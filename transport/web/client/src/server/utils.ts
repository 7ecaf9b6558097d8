import { call, readResult, shape, type Caller, type Request } from "./call.js";
import { duration, endpoint, type Service } from "./config.js";
import { SSEUtilsError, invalid } from "./error.js";
import {
  anyText,
  encodeEvent,
  eventName,
  kindOf,
  oneOf,
  optionFields,
  target,
  targets,
  whole,
} from "./event.js";
import { checkKey, checkOptions, only } from "./options.js";
import type {
  AlertOptions,
  Disconnect,
  NotificationOptions,
  NotificationType,
  OutgoingEvent,
  Priority,
  SendBatchResult,
  SendResult,
  SSEMetrics,
  SystemLevel,
  Ticket,
  TicketRequest,
  UpdateAction,
} from "./types.js";

const path = "/api/sse";

export interface SSEUtilsOptions extends Service {
  /** For how long one request may take, in milliseconds. Default 5,000. */
  timeout?: number;
  /** How often a request is repeated at most. Default 3. */
  retries?: number;
  /** For how long a call may take with all its repetitions, in milliseconds. Default 15,000. */
  deadline?: number;
  /** Instead of the global one. */
  fetch?: typeof fetch;
  /** Whether sends throw what else they answer as `error`. Default false: a webhook does its work whether or not anybody hears of it. */
  throwOnError?: boolean;
  /** Hears of each send that failed. Default: console.error. */
  onError?: (error: SSEUtilsError, call: string) => void | Promise<void>;
}

/**
 * The calls that send events, and those that ask and rule. A send that fails answers
 * `success: false` with the error, tells onError, and throws only if throwOnError says so.
 * The others (from getMetrics on) throw: nobody goes on without their answer.
 */
export interface SSEUtils {
  /** Sends `notification` `{message, type, priority, persistent, timestamp}`. */
  sendNotification(
    message: string,
    type?: NotificationType,
    options?: NotificationOptions,
  ): Promise<SendResult>;
  /** Sends `alert` `{title, message, priority, timestamp}`, with high priority. */
  sendAlert(title: string, message: string, options?: AlertOptions): Promise<SendResult>;
  /** Sends `update` `{resource, action, data, timestamp}`. */
  sendUpdate(
    resource: string,
    action: UpdateAction,
    data?: unknown,
    options?: NotificationOptions,
  ): Promise<SendResult>;
  /** Sends `system` `{message, level, timestamp}`. */
  sendSystemMessage(message: string, level?: SystemLevel, options?: NotificationOptions): Promise<SendResult>;
  /** Sends an event of your own. */
  sendCustomEvent(eventType: string, data: unknown, options?: NotificationOptions): Promise<SendResult>;
  /** Sends an event of your own to everybody. */
  broadcast(eventType: string, data: unknown): Promise<SendResult>;
  /** Sends events in their order, in one request. */
  send(events: readonly OutgoingEvent[], options?: { idempotencyKey?: string }): Promise<SendBatchResult>;
  /** What the server has done so far. Needs the scope metrics. */
  getMetrics(): Promise<SSEMetrics>;
  /** How many streams are open. Needs the scope metrics. */
  getActiveClientCount(): Promise<number>;
  /** Makes a ticket, for those that open a stream and can't send headers. Needs the scope admin for what is not the key's own. */
  createTicket(request: TicketRequest): Promise<Ticket>;
  /** Ends streams, and answers how many. Needs the scope admin. */
  disconnect(whose: Disconnect): Promise<number>;
}

/**
 * Makes the utilities for a server. Throws if an option makes no sense; what is missing
 * of url and apiKey in the environment too is an error of each call.
 */
export function createSSEUtils(options: SSEUtilsOptions = {}): SSEUtils {
  const { throwOnError = false, onError = report } = options;
  const caller = callerOf(options);

  /** Does a send; what is thrown becomes an answer. */
  async function attempt<R extends SendResult | SendBatchResult>(
    name: string,
    failed: (error: SSEUtilsError) => R,
    work: () => Promise<R>,
  ): Promise<R> {
    try {
      return await work();
    } catch (thrown) {
      const error =
        thrown instanceof SSEUtilsError
          ? thrown
          : new SSEUtilsError("it failed for a reason of its own", { code: "INTERNAL", cause: thrown });
      tell(onError, error, name);
      if (throwOnError) throw error;
      return failed(error);
    }
  }

  function sendOne(
    name: string,
    make: (at: Date) => { event: string; data: unknown; priority?: Priority },
    options: NotificationOptions = {},
  ): Promise<SendResult> {
    return attempt<SendResult>(
      name,
      (error) => ({ success: false, eventsSent: 0, error }),
      async () => {
        const { idempotencyKey, timestamp, ...rest } = checkOptions(options);
        const body = encodeEvent({ ...make(timestamp ?? new Date()), ...rest });
        return readResult(
          shape<{ eventsSent: number }>(
            await call(caller(), publishing(body, idempotencyKey)),
            "eventsSent",
            "number",
          ),
        );
      },
    );
  }

  const custom =
    (name: string) =>
    (event: string, data: unknown, options?: NotificationOptions): Promise<SendResult> =>
      sendOne(
        name,
        () => {
          eventName("eventType", event);
          return { event, data };
        },
        options,
      );

  async function getMetrics(): Promise<SSEMetrics> {
    return shape<SSEMetrics>(
      await call(caller(), { method: "GET", path: `${path}/metrics` }),
      "activeConnections",
      "number",
    );
  }

  return {
    sendNotification: (message, type = "info", options = {}) =>
      sendOne(
        "sendNotification",
        (at) => {
          anyText("message", message);
          oneOf("type", type, ["info", "success", "warning", "error"]);
          const { priority = "normal", persistent = false } = options;
          return {
            event: "notification",
            data: { message, type, priority, persistent, timestamp: at.toISOString() },
          };
        },
        options,
      ),
    sendAlert: (title, message, options = {}) =>
      sendOne(
        "sendAlert",
        (at) => {
          anyText("title", title);
          anyText("message", message);
          const { priority = "high" } = options;
          return {
            event: "alert",
            data: { title, message, priority, timestamp: at.toISOString() },
            priority,
          };
        },
        options,
      ),
    sendUpdate: (resource, action, data, options) =>
      sendOne(
        "sendUpdate",
        (at) => {
          anyText("resource", resource);
          oneOf("action", action, ["created", "updated", "deleted"]);
          return {
            event: "update",
            data: { resource, action, data: data ?? null, timestamp: at.toISOString() },
          };
        },
        options,
      ),
    sendSystemMessage: (message, level = "info", options) =>
      sendOne(
        "sendSystemMessage",
        (at) => {
          anyText("message", message);
          oneOf("level", level, ["info", "warning", "maintenance"]);
          return { event: "system", data: { message, level, timestamp: at.toISOString() } };
        },
        options,
      ),
    sendCustomEvent: custom("sendCustomEvent"),
    // Its own signature: options that came with a broadcast would look like a target.
    broadcast: (event, data, ...more: unknown[]) =>
      sendOne("broadcast", () => {
        eventName("eventType", event);
        if (more.length > 0)
          throw invalid("broadcast", "it takes no options, for it reaches everybody; sendCustomEvent does");
        return { event, data };
      }),
    send: (events, options = {}) =>
      attempt<SendBatchResult>(
        "send",
        (error) => failedBatch(error),
        async () => {
          if (!Array.isArray(events)) throw invalid("events", `${kindOf(events)}; it must be an array`);
          if (events.length === 0) throw invalid("events", "empty; send at least one");
          const body = `[${events.map((event: OutgoingEvent, i) => encodeEvent(event, `events[${i}].`)).join(",")}]`;
          return readBatch(
            shape<{ eventsSent: number }>(
              await call(caller(), publishing(body, checkKey(options.idempotencyKey))),
              "eventsSent",
              "number",
            ),
          );
        },
      ),
    getMetrics,
    getActiveClientCount: async () => (await getMetrics()).activeConnections,
    createTicket: async (request) => {
      only(request, ["userId", "sessionId", "topics"]);
      return shape<Ticket>(
        await call(caller(), { method: "POST", path: `${path}/ticket`, body: JSON.stringify(request) }),
        "ticket",
        "string",
      );
    },
    disconnect: async (whose) => {
      only(whose, ["userId", "sessionId", "topic", "block"]);
      const query = new URLSearchParams();
      const { block, ...who } = whose;
      for (const [name, value] of Object.entries(who)) query.set(name, value);
      if (block !== undefined) query.set("block", typeof block === "number" ? `${block}s` : block);
      const answer = await call(caller(), {
        method: "DELETE",
        path: `${path}/admin/clients?${query.toString()}`,
      });
      return shape<{ disconnected: number }>(answer, "disconnected", "number").disconnected;
    },
  };
}

/** The utilities for the server that SSE_URL and SSE_KEY name. */
export const sseUtils: SSEUtils = /* @__PURE__ */ createSSEUtils();

function callerOf(options: SSEUtilsOptions): () => Caller {
  const { retries = 3 } = options;
  if (!Number.isInteger(retries) || retries < 0 || retries > 100)
    throw new SSEUtilsError(`retries: ${retries}; it must be a whole number from 0 to 100`, {
      code: "NOT_CONFIGURED",
    });
  const service = endpoint(options);
  const how = {
    timeout: duration("timeout", options.timeout, 5_000),
    deadline: duration("deadline", options.deadline, 15_000),
    retries,
    // Taken when it is used: others (Next.js, tests) put theirs in its place.
    fetch: options.fetch ?? ((...args: Parameters<typeof fetch>) => fetch(...args)),
  };
  return () => ({ ...service(), ...how });
}

function publishing(body: string, idempotencyKey: string = crypto.randomUUID()): Request {
  return { method: "POST", path, body, idempotencyKey };
}

function readBatch(answer: unknown): SendBatchResult {
  const { success, eventsSent, results } = answer as {
    success?: unknown;
    eventsSent?: unknown;
    results?: unknown;
  };
  return {
    success: success === true,
    eventsSent: typeof eventsSent === "number" ? eventsSent : 0,
    results: Array.isArray(results) ? results.map(readResult) : [],
  };
}

function failedBatch(error: SSEUtilsError): SendBatchResult {
  const results = error.results ?? [];
  return {
    success: false,
    eventsSent: results.reduce((sum, result) => sum + result.eventsSent, 0),
    results,
    error,
  };
}

/** The default of onError: what failed and why, and nothing of a key or an event's data. */
function report(error: SSEUtilsError, name: string): void {
  console.error(
    `sseactor: ${name}: ${error.message}${error.attempts > 1 ? ` (asked ${error.attempts} times)` : ""}`,
  );
}

/** Calls onError, whose own faults must not be a webhook's. */
function tell(onError: NonNullable<SSEUtilsOptions["onError"]>, error: SSEUtilsError, name: string): void {
  const call = async (): Promise<void> => {
    await onError(error, name);
  }; // it may be async as well
  call().catch((fault: unknown) => {
    console.error("sseactor: onError threw", fault);
  });
}
