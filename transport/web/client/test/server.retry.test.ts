// @vitest-environment node
import { createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSSEUtils, type SSEUtilsError, type SSEUtilsOptions } from "../src/server.js";
import { backoff, parseRetryAfter } from "../src/server/backoff.js";
import { fakeServer, json } from "./server-rig.js";

const apiKey = "key-0123456789abcdef";
const sent = { success: true, eventsSent: 1, event: { type: "a", data: 1, id: "1-0" } };

type Answer = Response | Error | "never";

const answer = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers });

/** Utilities whose server answers so, one after the other, and what was asked when. */
function answering(
  answers: Answer[],
  options: Partial<SSEUtilsOptions> = {},
): {
  utils: ReturnType<typeof createSSEUtils>;
  asked: Array<{ at: number; key: string | null; body: unknown }>;
  errors: SSEUtilsError[];
} {
  const asked: Array<{ at: number; key: string | null; body: unknown }> = [];
  const errors: SSEUtilsError[] = [];
  const utils = createSSEUtils({
    url: "http://sseactor.test",
    apiKey,
    onError: (error) => {
      errors.push(error);
    },
    fetch: async (_, init) => {
      asked.push({
        at: Date.now(),
        key: new Headers(init?.headers).get("Idempotency-Key"),
        body: init?.body,
      });
      const next = answers[Math.min(asked.length, answers.length) - 1] as Answer;
      if (next instanceof Error) throw next;
      if (next === "never")
        return await new Promise((_resolve, reject) => {
          init?.signal?.addEventListener("abort", () => {
            reject(init.signal?.reason as Error);
          });
        });
      return next.clone();
    },
    ...options,
  });
  return { utils, asked, errors };
}

describe("a request that fails", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Does it, and lets the waits pass. */
  async function done<T>(call: Promise<T>): Promise<T> {
    let over = false;
    void call
      .finally(() => {
        over = true;
      })
      .catch(() => {});
    while (!over) await vi.advanceTimersByTimeAsync(50);
    return await call;
  }

  it.each<[string, Answer]>([
    ["no connection", new TypeError("fetch failed")],
    ["408", answer(408, { code: "REQUEST_TIMEOUT" })],
    ["425", answer(425, {})],
    ["429", answer(429, { code: "RATE_LIMITED" })],
    ["500", answer(500, { code: "INTERNAL" })],
    ["a proxy's 502, with a page", new Response("<html>", { status: 502 })],
    ["503", answer(503, { code: "OVERLOADED" })],
    ["504", answer(504, {})],
    ["a first request that is still under way", answer(409, { code: "IDEMPOTENCY_KEY_IN_USE" })],
  ])("is made again after %s, the same under the same key", async (_, fault) => {
    const { utils, asked, errors } = answering([fault, fault, answer(200, sent)]);
    expect(await done(utils.sendNotification("a", "info", { userId: "7" }))).toEqual({
      success: true,
      eventsSent: 1,
      id: "1-0",
    });
    expect(errors).toEqual([]);
    expect(asked).toHaveLength(3);
    expect(new Set(asked.map(({ key }) => key)).size).toBe(1);
    expect(new Set(asked.map(({ body }) => body)).size).toBe(1);
    expect(asked[0]?.key).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each<[string, Answer, string]>([
    [
      "400",
      answer(400, {
        code: "INVALID_EVENT",
        field: "topics[0]",
        detail: "topics[0]: 140 characters; at most 128",
      }),
      "INVALID_EVENT",
    ],
    ["401", answer(401, { code: "UNAUTHORIZED" }), "UNAUTHORIZED"],
    ["403", answer(403, { code: "PUBLISH_NOT_ALLOWED" }), "PUBLISH_NOT_ALLOWED"],
    ["413", answer(413, { code: "EVENT_TOO_LARGE" }), "EVENT_TOO_LARGE"],
    ["422", answer(422, { code: "IDEMPOTENCY_KEY_REUSED" }), "IDEMPOTENCY_KEY_REUSED"],
    ["another 409", answer(409, { code: "SOMETHING_ELSE" }), "SOMETHING_ELSE"],
    [
      "a redirection",
      new Response(null, { status: 307, headers: { Location: "https://elsewhere.test/" } }),
      "HTTP_307",
    ],
    ["a page", new Response("<html>", { status: 200 }), "INVALID_ANSWER"],
    ["the JSON of something else", answer(200, { ok: true }), "INVALID_ANSWER"],
    ["part of it having been done", answer(503, { code: "PARTLY_SENT", results: [] }), "PARTLY_SENT"],
  ])("is not made again after %s", async (_, fault, code) => {
    const { utils, asked, errors } = answering([fault, answer(200, sent)]);
    const result = await done(utils.sendNotification("a"));
    expect(result).toMatchObject({ success: false, eventsSent: 0, error: { code } });
    expect(errors).toEqual([result.error]);
    expect(asked).toHaveLength(1);
  });

  it("is told with the server's words", async () => {
    const { utils } = answering([
      answer(400, {
        code: "INVALID_EVENT",
        field: "topics[0]",
        detail: "topics[0]: 140 characters; at most 128",
      }),
    ]);
    const { error } = await done(utils.broadcast("a", 1));
    expect(error).toMatchObject({
      status: 400,
      field: "topics[0]",
      attempts: 1,
      message: "POST http://sseactor.test/api/sse: 400 INVALID_EVENT: topics[0]: 140 characters; at most 128",
    });
  });

  it("is made four times at most, after waits that grow", async () => {
    const { utils, asked } = answering([answer(503, { code: "OVERLOADED" })]);
    expect(await done(utils.broadcast("a", 1))).toMatchObject({
      success: false,
      error: { code: "OVERLOADED", status: 503, attempts: 4 },
    });
    const waits = asked.slice(1).map(({ at }, i) => at - (asked[i]?.at ?? 0));
    expect(waits).toHaveLength(3);
    waits.forEach((wait, n) => {
      expect(wait).toBeGreaterThanOrEqual(250 * 2 ** n - 1);
      expect(wait).toBeLessThanOrEqual(500 * 2 ** n + 1);
    });
  });

  it("is not made again before the server wants it", async () => {
    const { utils, asked } = answering([
      answer(429, { code: "RATE_LIMITED" }, { "Retry-After": "3" }),
      answer(200, sent),
    ]);
    expect(await done(utils.broadcast("a", 1))).toMatchObject({ success: true });
    expect((asked[1]?.at ?? 0) - (asked[0]?.at ?? 0)).toBeGreaterThanOrEqual(3000);
  });

  it("is not made again if the server wants it after the deadline", async () => {
    const { utils, asked } = answering([answer(503, { code: "JOURNAL_FULL" }, { "Retry-After": "60" })]);
    const before = Date.now();
    expect(await done(utils.broadcast("a", 1))).toMatchObject({
      success: false,
      error: { code: "JOURNAL_FULL", retryAfter: 60_000 },
    });
    expect(Date.now() - before).toBeLessThan(1000);
    expect(asked).toHaveLength(1);
  });

  it("ends with the deadline, however many retries there may be", async () => {
    const { utils } = answering([answer(503, { code: "OVERLOADED" })], { retries: 100, deadline: 8_000 });
    const before = Date.now();
    expect(await done(utils.broadcast("a", 1))).toMatchObject({ success: false });
    expect(Date.now() - before).toBeLessThanOrEqual(8_000);
    expect(Date.now() - before).toBeGreaterThan(2_000);
  });

  it("is made once without retries", async () => {
    const { utils, asked } = answering([answer(503, {})], { retries: 0 });
    expect(await done(utils.broadcast("a", 1))).toMatchObject({
      success: false,
      error: { code: "HTTP_503", status: 503 },
    });
    expect(asked).toHaveLength(1);
  });

  it("says what became of each event of a batch that was cut short", async () => {
    const { utils, asked } = answering([
      answer(503, {
        code: "PARTLY_SENT",
        results: [sent, { success: false, eventsSent: 0, code: "OVERLOADED" }],
      }),
    ]);
    const result = await done(utils.send([{ data: 1 }, { data: 2 }]));
    const results = [
      { success: true, eventsSent: 1, id: "1-0" },
      { success: false, eventsSent: 0, code: "OVERLOADED" },
    ];
    expect(result).toMatchObject({
      success: false,
      eventsSent: 1,
      results,
      error: { code: "PARTLY_SENT", results },
    });
    expect(asked).toHaveLength(1);
  });

  it("throws if that was asked for, and is told all the same", async () => {
    const { utils, errors } = answering([answer(403, { code: "FORBIDDEN" })], { throwOnError: true });
    await expect(done(utils.broadcast("a", 1))).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(errors).toHaveLength(1);
  });

  it("is written to the console, without the key and the data", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const loud = createSSEUtils({
      url: "http://sseactor.test",
      apiKey,
      fetch: () =>
        Promise.reject(new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") })),
    });
    await done(loud.sendNotification("a secret"));
    expect(log.mock.calls).toEqual([
      [
        "sseactor: sendNotification: POST http://sseactor.test/api/sse: fetch failed: connect ECONNREFUSED (asked 4 times)",
      ],
    ]);
    log.mockRestore();
  });

  it.each<[string, () => void | Promise<void>]>([
    [
      "throws",
      () => {
        throw new Error("onError's own");
      },
    ],
    ["rejects", () => Promise.reject(new Error("onError's own"))],
  ])("does no more harm when onError %s", async (_, onError) => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const { utils } = answering([answer(403, {})], { onError });
    expect(await done(utils.broadcast("a", 1))).toMatchObject({ success: false });
    await vi.advanceTimersByTimeAsync(0);
    expect(log).toHaveBeenCalledWith("sseactor: onError threw", expect.any(Error));
    log.mockRestore();
  });
});

describe("on a real network", () => {
  it("a server that does not answer is a timeout, and asked again", async () => {
    const { url, seen } = await fakeServer((response, _, nth) => {
      if (nth > 0) json(response, 200, sent);
    });
    expect(await createSSEUtils({ url, apiKey, timeout: 100 }).broadcast("a", 1)).toMatchObject({
      success: true,
    });
    expect(seen).toHaveLength(2);
    expect(seen[0]?.headers["idempotency-key"]).toBe(seen[1]?.headers["idempotency-key"]);
  });

  it("an answer that does not end is a timeout", async () => {
    const { url } = await fakeServer((response) => {
      response.writeHead(200, { "Content-Length": 1000 }).write("{");
    });
    const { error } = await createSSEUtils({
      url,
      apiKey,
      timeout: 100,
      retries: 0,
      onError: () => {},
    }).broadcast("a", 1);
    expect(error).toMatchObject({ code: "TIMEOUT", attempts: 1 });
    expect(error?.message).toContain("no answer within 100 ms");
  });

  it("a connection that breaks is made again", async () => {
    const { url, seen } = await fakeServer((response, _, nth) => {
      if (nth === 0) response.destroy();
      else json(response, 200, sent);
    });
    expect(await createSSEUtils({ url, apiKey }).broadcast("a", 1)).toMatchObject({ success: true });
    expect(seen).toHaveLength(2);
  });

  it("a server that is not there is a network error", async () => {
    const gone = createServer();
    const port = await new Promise<number>((resolve) => {
      gone.listen(0, "127.0.0.1", () => {
        resolve((gone.address() as { port: number }).port);
      });
    });
    await new Promise((resolve) => {
      gone.close(resolve);
    });
    const { error } = await createSSEUtils({
      url: `http://127.0.0.1:${port}`,
      apiKey,
      retries: 1,
      onError: () => {},
    }).broadcast("a", 1);
    expect(error).toMatchObject({ code: "NETWORK", attempts: 2 });
    expect(error?.message).toContain("ECONNREFUSED");
    expect(JSON.stringify(error) + String(error)).not.toContain(apiKey);
  });
});

describe("the wait", () => {
  it("doubles to a most, half of it by chance", () => {
    expect([0, 1, 2, 3, 4, 20].map((n) => backoff(n, 0, () => 0))).toEqual([
      250, 500, 1000, 2000, 2500, 2500,
    ]);
    expect([0, 1, 2, 3, 4, 20].map((n) => backoff(n, 0, () => 1))).toEqual([
      500, 1000, 2000, 4000, 5000, 5000,
    ]);
  });
  it("is never below Retry-After", () => {
    expect(backoff(0, 3000, () => 0)).toBe(3000);
    expect(backoff(9, 100, () => 0)).toBe(100);
    expect(backoff(3, 3000, () => 1)).toBe(4500);
  });
  it.each([
    ["7", 7000],
    [" 0 ", 0],
    ["Tue, 24 Nov 2026 12:00:10 GMT", 10_000],
    ["Tue, 24 Nov 2026 11:00:00 GMT", 0],
    ["soon", undefined],
    [null, undefined],
  ])("Retry-After: %s", (header, ms) => {
    expect(parseRetryAfter(header, Date.parse("2026-11-24T12:00:00Z"))).toBe(ms);
  });
});
