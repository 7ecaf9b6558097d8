// @vitest-environment node
import { describe, expect, it, vi } from "vitest";
import {
  createSSEUtils,
  SSEUtilsError,
  sseUtils,
  type NotificationOptions,
  type SSEUtils,
  type SSEUtilsOptions,
} from "../src/server.js";
import { fakeServer, json, type Seen } from "./server-rig.js";

const apiKey = "key-0123456789abcdef";
const at = "2026-11-24T12:00:00.007Z";
const timestamp = new Date(at);

const sent = { success: true, eventsSent: 2, event: { type: "t", data: null, id: "1795493112845-0" } };

/** Utilities on a server that takes everything, and what it was asked. */
async function taking(
  options: Partial<SSEUtilsOptions> = {},
  answer: unknown = sent,
): Promise<{ utils: SSEUtils; seen: Seen[]; errors: SSEUtilsError[] }> {
  const { url, seen } = await fakeServer((response) => {
    json(response, 200, answer);
  });
  const errors: SSEUtilsError[] = [];
  return {
    utils: createSSEUtils({
      url,
      apiKey,
      onError: (error) => {
        errors.push(error);
      },
      ...options,
    }),
    seen,
    errors,
  };
}

describe("what the utilities send", () => {
  const to: NotificationOptions = { userId: "7", timestamp };
  it.each<[string, (utils: SSEUtils) => Promise<unknown>, unknown]>([
    [
      "a notification",
      (u) => u.sendNotification("Hello", "success", to),
      {
        event: "notification",
        userId: "7",
        data: { message: "Hello", type: "success", priority: "normal", persistent: false, timestamp: at },
      },
    ],
    [
      "a notification that says no more than it must",
      (u) => u.sendNotification("Hello", undefined, { timestamp }),
      {
        event: "notification",
        data: { message: "Hello", type: "info", priority: "normal", persistent: false, timestamp: at },
      },
    ],
    [
      "a notification that is to be kept",
      (u) => u.sendNotification("Hello", "info", { ...to, priority: "low", persistent: true, ttl: 60 }),
      {
        event: "notification",
        userId: "7",
        priority: "low",
        persistent: true,
        ttl: 60,
        data: { message: "Hello", type: "info", priority: "low", persistent: true, timestamp: at },
      },
    ],
    [
      "an alert",
      (u) => u.sendAlert("Fire", "Leave", { topics: ["house"], timestamp }),
      {
        event: "alert",
        topics: ["house"],
        priority: "high",
        data: { title: "Fire", message: "Leave", priority: "high", timestamp: at },
      },
    ],
    [
      "an alert of its own priority",
      (u) => u.sendAlert("Fire", "Leave", { priority: "normal", timestamp }),
      {
        event: "alert",
        priority: "normal",
        data: { title: "Fire", message: "Leave", priority: "normal", timestamp: at },
      },
    ],
    [
      "an update",
      (u) => u.sendUpdate("orders", "updated", { id: 7 }, to),
      {
        event: "update",
        userId: "7",
        data: { resource: "orders", action: "updated", data: { id: 7 }, timestamp: at },
      },
    ],
    [
      "an update without data",
      (u) => u.sendUpdate("orders", "deleted", undefined, to),
      {
        event: "update",
        userId: "7",
        data: { resource: "orders", action: "deleted", data: null, timestamp: at },
      },
    ],
    [
      "a system message",
      (u) => u.sendSystemMessage("At noon", "maintenance", { timestamp }),
      { event: "system", data: { message: "At noon", level: "maintenance", timestamp: at } },
    ],
    [
      "a system message of the usual level",
      (u) => u.sendSystemMessage("At noon", undefined, { timestamp }),
      { event: "system", data: { message: "At noon", level: "info", timestamp: at } },
    ],
    [
      "an event of their own",
      (u) => u.sendCustomEvent("chat", "hi", { sessionId: "s", topics: ["a", "b"], id: "x-1" }),
      { event: "chat", sessionId: "s", topics: ["a", "b"], id: "x-1", data: "hi" },
    ],
    [
      "an event to single streams",
      (u) => u.sendCustomEvent("chat", null, { clientIds: ["c1", "c2"] }),
      { event: "chat", clientIds: ["c1", "c2"], data: null },
    ],
    ["a broadcast", (u) => u.broadcast("news", [1, 2]), { event: "news", data: [1, 2] }],
    [
      "options that were passed on undefined",
      (u) =>
        u.sendCustomEvent("chat", 1, {
          priority: undefined,
          ttl: undefined,
        } as unknown as NotificationOptions),
      { event: "chat", data: 1 },
    ],
  ])("%s", async (_, send, body) => {
    const { utils, seen, errors } = await taking();
    expect(await send(utils)).toEqual({ success: true, eventsSent: 2, id: "1795493112845-0" });
    expect(errors).toEqual([]);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      method: "POST",
      url: "/api/sse",
      headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    });
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual(body);
  });

  it("the time of now, with milliseconds, and a key of its own for each call", async () => {
    const { utils, seen } = await taking();
    const before = Date.now();
    await utils.sendNotification("a");
    await utils.sendNotification("a");
    const { timestamp } = (JSON.parse(seen[0]?.body ?? "") as { data: { timestamp: string } }).data;
    expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(Date.parse(timestamp)).toBeGreaterThanOrEqual(before);
    const keys = seen.map((request) => request.headers["idempotency-key"]);
    expect(new Set(keys).size).toBe(2);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("the Idempotency-Key of a job", async () => {
    const { utils, seen } = await taking();
    await utils.sendCustomEvent("a", 1, { idempotencyKey: "job 42" });
    expect(seen[0]?.headers["idempotency-key"]).toBe("job 42");
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual({ event: "a", data: 1 });
  });

  it("a batch, in its order, and what became of each", async () => {
    const { utils, seen } = await taking(
      {},
      {
        success: true,
        eventsSent: 3,
        results: [
          { ...sent, eventsSent: 1 },
          { ...sent, persisted: true },
        ],
      },
    );
    const result = await utils.send(
      [
        { event: "a", data: 1, userId: "7" },
        { data: "two", persistent: true, retry: 500, topics: ["t"] },
      ],
      { idempotencyKey: "k" },
    );
    expect(result).toEqual({
      success: true,
      eventsSent: 3,
      results: [
        { success: true, eventsSent: 1, id: sent.event.id },
        { success: true, eventsSent: 2, id: sent.event.id, persisted: true },
      ],
    });
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual([
      { event: "a", data: 1, userId: "7" },
      { data: "two", persistent: true, retry: 500, topics: ["t"] },
    ]);
    expect(seen[0]?.headers["idempotency-key"]).toBe("k");
  });

  it("an event that is on disk is persisted", async () => {
    const { utils } = await taking({}, { ...sent, persisted: true });
    expect(await utils.sendNotification("a", "info", { userId: "7", persistent: true })).toMatchObject({
      persisted: true,
    });
  });

  it("calls that are taken out of their object", async () => {
    const { utils, seen } = await taking();
    const { sendAlert, broadcast } = utils;
    await sendAlert("a", "b");
    await broadcast("c", 1);
    expect(seen).toHaveLength(2);
  });

  it("to a server under a path", async () => {
    const { url, seen } = await fakeServer((response) => {
      json(response, 200, sent);
    });
    await createSSEUtils({ url: `${url}/events/`, apiKey }).broadcast("a", 1);
    expect(seen[0]?.url).toBe("/events/api/sse");
  });
});

describe("arguments that are wrong", () => {
  const options = (o: unknown): NotificationOptions => o as NotificationOptions;
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  it.each<
    [string, string, string, (utils: SSEUtils) => Promise<{ success: boolean; error?: SSEUtilsError }>]
  >([
    // A target that is there and names nobody must never be a broadcast.
    [
      "an undefined user",
      "userId",
      "undefined",
      (u) => u.sendNotification("a", "info", options({ userId: undefined })),
    ],
    ["no user", "userId", "null", (u) => u.sendAlert("a", "b", options({ userId: null }))],
    ["an empty user", "userId", "empty", (u) => u.sendUpdate("a", "created", 1, { userId: "" })],
    [
      "a user that is a number",
      "userId",
      "the number 7",
      (u) => u.sendSystemMessage("a", "info", options({ userId: 7 })),
    ],
    ["an empty session", "sessionId", "empty", (u) => u.sendCustomEvent("a", 1, { sessionId: "" })],
    [
      "an undefined session",
      "sessionId",
      "undefined",
      (u) => u.sendCustomEvent("a", 1, options({ sessionId: undefined })),
    ],
    ["no topics", "topics", "empty", (u) => u.sendCustomEvent("a", 1, { topics: [] })],
    ["an empty topic", "topics[1]", "empty", (u) => u.sendCustomEvent("a", 1, { topics: ["t", ""] })],
    [
      "a topic that is no list",
      "topics",
      "a string",
      (u) => u.sendCustomEvent("a", 1, options({ topics: "t" })),
    ],
    [
      "undefined topics",
      "topics",
      "undefined",
      (u) => u.sendCustomEvent("a", 1, options({ topics: undefined })),
    ],
    ["no streams", "clientIds", "empty", (u) => u.sendCustomEvent("a", 1, { clientIds: [] })],
    [
      "a misspelled target",
      "userID",
      "not an option",
      (u) => u.sendCustomEvent("a", 1, options({ userID: "7" })),
    ],
    ["a target that is a text", "options", "a string", (u) => u.sendCustomEvent("a", 1, options("7"))],
    [
      "options with a broadcast",
      "broadcast",
      "no options",
      (u) => (u.broadcast as SSEUtils["sendCustomEvent"])("a", 1, { userId: "7" }),
    ],
    [
      "a batch with an undefined user",
      "events[1].userId",
      "undefined",
      (u) => u.send([{ data: 1 }, { data: 2, ...options({ userId: undefined }) }]),
    ],
    [
      "a batch with a misspelled target",
      "events[0].topic",
      "not a field",
      (u) => u.send([{ data: 1, ...options({ topic: "t" }) }]),
    ],
    ["a batch that is empty", "events", "empty", (u) => u.send([])],
    ["a batch that is an event", "events", "an object", (u) => u.send({ data: 1 } as never)],
    ["a batch of texts", "events[0]", "a string", (u) => u.send(["a"] as never)],
    [
      "streams that are to be kept for",
      "persistent",
      "clientIds",
      (u) => u.sendCustomEvent("a", 1, { clientIds: ["c"], persistent: true }),
    ],
    // What JSON has no word for.
    ["undefined data", "data", "undefined", (u) => u.sendCustomEvent("a", undefined)],
    ["data that is a function", "data", "a function", (u) => u.sendCustomEvent("a", () => 1)],
    ["data that is a circle", "data", "TypeError", (u) => u.broadcast("a", circle)],
    ["data in a batch that is a bigint", "events[0].data", "TypeError", (u) => u.send([{ data: 1n }])],
    // What the server can't see.
    [
      "a type that there is not",
      "type",
      "info, success, warning, error",
      (u) => u.sendNotification("a", "fatal" as never),
    ],
    [
      "an action that there is not",
      "action",
      "created, updated, deleted",
      (u) => u.sendUpdate("a", "moved" as never),
    ],
    [
      "a level that there is not",
      "level",
      "info, warning, maintenance",
      (u) => u.sendSystemMessage("a", "error" as never),
    ],
    [
      "a priority that there is not",
      "priority",
      "low, normal, high",
      (u) => u.sendAlert("a", "b", options({ priority: "urgent" })),
    ],
    ["a message that is no text", "message", "undefined", (u) => u.sendNotification(undefined as never)],
    ["a title that is no text", "title", "an object", (u) => u.sendAlert({} as never, "b")],
    ["an event without a name", "eventType", "empty", (u) => u.sendCustomEvent("", 1)],
    ["a broadcast without a name", "eventType", "undefined", (u) => u.broadcast(undefined as never, 1)],
    ["a ttl of no time", "ttl", "the number 0", (u) => u.sendNotification("a", "info", { ttl: 0 })],
    [
      "a timestamp that is none",
      "timestamp",
      "valid Date",
      (u) => u.sendNotification("a", "info", { timestamp: new Date(NaN) }),
    ],
    [
      "a key with a line end",
      "idempotencyKey",
      "printable ASCII",
      (u) => u.sendNotification("a", "info", { idempotencyKey: "a\nb" }),
    ],
  ])("%s", async (_, field, fault, send) => {
    const { utils, seen, errors } = await taking();
    const result = await send(utils);
    expect(result).toMatchObject({ success: false, eventsSent: 0 });
    expect(result.error).toBeInstanceOf(SSEUtilsError);
    expect(result.error).toMatchObject({ code: "INVALID_ARGUMENT", field, attempts: 0 });
    expect(result.error?.message).toContain(`${field}: `);
    expect(result.error?.message).toContain(fault);
    expect(errors).toEqual([result.error]);
    expect(seen).toEqual([]);
  });

  it.each<[string, string, (utils: SSEUtils) => Promise<unknown>]>([
    ["a ticket for an undefined user", "userId", (u) => u.createTicket({ userId: undefined } as never)],
    ["a ticket for no topics", "topics", (u) => u.createTicket({ topics: [] })],
    ["a ticket with a misspelled field", "user", (u) => u.createTicket({ user: "7" } as never)],
    [
      "to disconnect an undefined user",
      "userId",
      (u) => u.disconnect({ userId: undefined, topic: "t" } as never),
    ],
    ["to disconnect a user that is a number", "userId", (u) => u.disconnect({ userId: 7 } as never)],
    ["to block for no time", "block", (u) => u.disconnect({ userId: "7", block: 0 })],
  ])("%s", async (_, field, ask) => {
    const { utils, seen } = await taking();
    await expect(ask(utils)).rejects.toMatchObject({ code: "INVALID_ARGUMENT", field });
    expect(seen).toEqual([]);
  });
});

describe("the other calls", () => {
  it("ask for metrics", async () => {
    const metrics = { activeConnections: 3, totalConnections: 9, eventsDispatched: 5, errors: 0, users: 2 };
    const { utils, seen } = await taking({}, metrics);
    expect(await utils.getMetrics()).toEqual(metrics);
    expect(await utils.getActiveClientCount()).toBe(3);
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "GET /api/sse/metrics",
      "GET /api/sse/metrics",
    ]);
    expect(seen[0]?.headers["idempotency-key"]).toBeUndefined();
  });

  it("make a ticket", async () => {
    const ticket = { ticket: "p3", expiresAt: at, url: "/api/sse?ticket=p3" };
    const { utils, seen } = await taking({}, ticket);
    expect(await utils.createTicket({ userId: "7", topics: ["orders"] })).toEqual(ticket);
    expect(seen[0]).toMatchObject({
      method: "POST",
      url: "/api/sse/ticket",
      body: '{"userId":"7","topics":["orders"]}',
    });
  });

  it("end streams", async () => {
    const { utils, seen } = await taking({}, { disconnected: 2 });
    expect(await utils.disconnect({ userId: "a&b", block: 90 })).toBe(2);
    expect(await utils.disconnect({ sessionId: "s", block: "24h" })).toBe(2);
    expect(await utils.disconnect({ topic: "t" })).toBe(2);
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "DELETE /api/sse/admin/clients?userId=a%26b&block=90s",
      "DELETE /api/sse/admin/clients?sessionId=s&block=24h",
      "DELETE /api/sse/admin/clients?topic=t",
    ]);
  });

  it("throw what went wrong", async () => {
    const { url } = await fakeServer((response) => {
      json(response, 403, { code: "FORBIDDEN", detail: "this needs the scope metrics" });
    });
    await expect(createSSEUtils({ url, apiKey }).getMetrics()).rejects.toMatchObject({
      code: "FORBIDDEN",
      status: 403,
    });
  });
});

describe("the configuration", () => {
  it.each<[string, SSEUtilsOptions, string]>([
    ["an address that is none", { url: "localhost:8080/", apiKey }, "url: "],
    ["an address of nothing", { url: "", apiKey }, "url: "],
    ["an address with a password", { url: "http://app:hunter2@localhost", apiKey }, "url: "],
    ["a key of nothing", { url: "http://localhost", apiKey: "" }, "apiKey: "],
    ["a key with a line end", { url: "http://localhost", apiKey: "hunter2\n" }, "apiKey: "],
    ["a timeout that is none", { timeout: 0 }, "timeout: "],
    ["retries without end", { retries: Infinity }, "retries: "],
  ])("%s is refused at once", (_, options, fault) => {
    let thrown: unknown;
    try {
      createSSEUtils(options);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ name: "SSEUtilsError", code: "NOT_CONFIGURED" });
    expect(String(thrown)).toContain(fault);
    expect(String(thrown)).not.toContain("hunter2");
  });

  it("sseUtils has it from the environment, when it is needed", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    vi.stubEnv("SSE_URL", undefined);
    vi.stubEnv("SSE_KEY", undefined);
    try {
      const result = await sseUtils.broadcast("a", 1);
      expect(result.error).toMatchObject({ code: "NOT_CONFIGURED" });
      expect(log).toHaveBeenCalledWith(expect.stringContaining("SSE_URL is not set"));
      const { url, seen } = await fakeServer((response) => {
        json(response, 200, sent);
      });
      vi.stubEnv("SSE_URL", url);
      vi.stubEnv("SSE_KEY", apiKey);
      expect(await sseUtils.broadcast("a", 1)).toMatchObject({ success: true });
      expect(seen[0]?.headers.authorization).toBe(`Bearer ${apiKey}`);
    } finally {
      vi.unstubAllEnvs();
      log.mockRestore();
    }
  });
});
