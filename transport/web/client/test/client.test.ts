import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type ClientOptions, createSSEClient, type Gap, type SSEClient, SSEError } from "../src/index.js";
import { createMockSSE, type MockOptions } from "../src/testing.js";

let clients: SSEClient[] = [];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});

afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
  expect(vi.getTimerCount()).toBe(0); // a client that is disconnected leaves nothing behind
  vi.useRealTimers();
});

/** What is on its way arrives; no time passes. */
const settled = () => vi.advanceTimersByTimeAsync(0);
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** A client of a mock server, and all that it says. */
function open(options: ClientOptions = {}, server?: MockOptions) {
  const mock = createMockSSE(server);
  const said: string[] = [];
  const errors: SSEError[] = [];
  const gaps: Gap[] = [];
  const client = createSSEClient({
    fetch: mock.fetch,
    onEvent: (e) => said.push(`${e.type} ${JSON.stringify(e.data)}`),
    onOpen: () => said.push("open"),
    onClose: () => said.push("close"),
    onError: (e) => (errors.push(e), said.push("error " + e.code)),
    onGap: (gap) => (gaps.push(gap), said.push("gap " + gap.reason)),
    ...options,
  });
  clients.push(client);
  return { mock, client, said, errors, gaps };
}

const status = (client: SSEClient) => client.getSnapshot().status;

describe("a stream", () => {
  test("is asked for with what is wanted, and who asks", async () => {
    const { mock, client } = open({
      url: "/events?v=1",
      sessionId: "s 1",
      topics: ["b", "a"],
      device: "phone",
      userId: "7",
      lastEventId: "5-0",
      headers: async () => ({ "X-App": "shop" }),
      getToken: async () => "secret",
    });
    client.connect();
    await settled();
    const { url, headers } = mock.requests[0]!;
    expect(url.pathname + url.search).toBe("/events?v=1&sessionId=s+1&topics=a%2Cb&device=phone&userId=7");
    expect(Object.fromEntries(headers)).toEqual({
      accept: "text/event-stream",
      "last-event-id": "5-0",
      "x-app": "shop",
      authorization: "Bearer secret",
    });
  });

  test("gives events by name, as JSON where it is, each once and in order", async () => {
    const { mock, client, said } = open();
    client.connect();
    await settled();
    mock.emit({ type: "a", data: { n: 1 }, id: "1" });
    mock.emit({ data: "plain\ntext" });
    mock.heartbeat();
    mock.emit({ type: "a", data: { n: 1 }, id: "1" });
    mock.emit({ type: "b", data: null, id: "2" });
    await settled();
    expect(said).toEqual(["open", 'a {"n":1}', 'message "plain\\ntext"', "b null"]);
    expect(client.getSnapshot()).toMatchObject({
      status: "open",
      isConnected: true,
      isConnecting: false,
      lastEvent: { type: "b", data: null, id: "2" },
      lastEventId: "2",
      clientId: "mock-1",
      error: null,
    });
  });

  test("is open when the server has greeted, not when it has answered", async () => {
    const { mock, client, said } = open({}, { greeting: false });
    client.connect();
    await settled();
    expect(status(client)).toBe("connecting");
    mock.comment();
    await settled();
    expect(said).toEqual(["open"]);
  });

  test("is one, however often it is asked for", async () => {
    const { mock, client } = open();
    client.connect();
    client.connect();
    await settled();
    client.connect();
    await settled();
    expect(mock.requests).toHaveLength(1);
  });

  test("ends with disconnect, and nothing comes after", async () => {
    const { mock, client, said } = open();
    client.connect();
    await settled();
    mock.emit({ data: 1 });
    client.disconnect();
    await pass(1e6);
    expect(said).toEqual(["open", "close"]);
    expect(mock.streams).toHaveLength(0);
    expect(mock.requests).toHaveLength(1);
  });

  test("ends though the token is still awaited, and is not asked for then", async () => {
    let give!: (token: string) => void;
    const { mock, client } = open({ getToken: () => new Promise((resolve) => (give = resolve)) });
    client.connect();
    await settled();
    client.disconnect();
    give("late");
    await settled();
    expect(mock.requests).toHaveLength(0);
  });

  test("may be ended by whoever is told of it", async () => {
    const { mock, client, said } = open({ onEvent: () => client.disconnect() });
    client.connect();
    await settled();
    mock.emit({ data: 1, id: "1" });
    mock.emit({ data: 2, id: "2" });
    await settled();
    expect(said).toEqual(["open", "close"]);
    expect(client.getSnapshot().lastEventId).toBe("1");

    const other = open({ onOpen: () => other.client.disconnect() }, { greeting: { resume: { status: "reset" } } });
    other.client.connect();
    await settled();
    expect(other.said).toEqual(["close"]);
  });
});

describe("callbacks", () => {
  test("that throw are reported, and stop nothing", async () => {
    const reported = vi.fn();
    vi.stubGlobal("reportError", reported);
    const { mock, client, said } = open();
    client.on(() => {
      throw new Error("mine");
    });
    const heard: unknown[] = [];
    client.on((e) => heard.push(e.data));
    client.connect();
    await settled();
    mock.emit({ data: 1 });
    mock.emit({ data: 2 });
    await settled();
    expect(heard).toEqual([1, 2]);
    expect(said).toEqual(["open", "message 1", "message 2"]);
    expect(reported).toHaveBeenCalledTimes(2);
  });

  test("can be changed, and taken back", async () => {
    const first = vi.fn();
    const second = vi.fn();
    const { mock, client } = open({ onEvent: first });
    const listener = vi.fn();
    const off = client.on(listener);
    client.connect();
    await settled();
    mock.emit({ data: 1 });
    await settled();
    client.setOptions({ onEvent: second });
    off();
    mock.emit({ data: 2 });
    await settled();
    expect([first, second, listener].map((f) => f.mock.calls.length)).toEqual([1, 1, 1]);
  });

  test("the snapshot changes with what is new, and not with a heartbeat", async () => {
    const { mock, client } = open();
    const changed = vi.fn();
    client.subscribe(changed);
    client.connect();
    await settled();
    await pass(5000);
    const { calls } = changed.mock;
    const before = [calls.length, client.getSnapshot()];
    mock.heartbeat();
    mock.comment("heartbeat");
    await settled();
    expect([calls.length, client.getSnapshot()]).toEqual(before);
    expect(client.getSnapshot()).toBe(before[1]);
  });
});

describe("coming back", () => {
  test("goes on after the last event; control events do not move it", async () => {
    const { mock, client } = open();
    client.connect();
    await settled();
    mock.emit({ data: 1, id: "7-1" });
    mock.emit({ type: "heartbeat", data: {}, id: "9-9" });
    mock.emit({ type: "connection", data: { status: "replayed" }, id: "9-9" });
    await settled();
    mock.end();
    await pass(1000);
    expect(mock.requests[1]!.headers.get("Last-Event-ID")).toBe("7-1");
  });

  test("a client that has had nothing goes on from where the server was", async () => {
    const { mock, client } = open({}, { greeting: { lastEventId: "7-1" } });
    client.connect();
    await settled();
    mock.drop();
    await pass(1000);
    expect(mock.requests[1]!.headers.get("Last-Event-ID")).toBe("7-1");
    mock.emit({ data: 1, id: "8-0" });
    await settled();
    mock.drop();
    await pass(1000); // greeted again
    expect(client.getSnapshot().lastEventId).toBe("8-0");
  });

  test("waits a random part of twice as long each time, at most so long", async () => {
    const random = vi.spyOn(Math, "random").mockReturnValue(0.999);
    const { mock, client, errors } = open({ maxReconnectInterval: 10_000 });
    for (let i = 0; i < 7; i++) mock.fail("network");
    client.connect();
    for (let i = 0; i < 7; i++) {
      await settled();
      await pass(errors[i]!.retryIn! - 1);
      expect(mock.requests).toHaveLength(i + 1);
      await pass(1);
      expect(mock.requests).toHaveLength(i + 2);
    }
    expect(errors.map((e) => Math.round(e.retryIn!))).toEqual([999, 1998, 3996, 7992, 9990, 9990, 9990]);
    expect(errors.every((e) => e.code === "NETWORK" && e.cause instanceof TypeError)).toBe(true);
    expect(client.getSnapshot().attempt).toBe(7);
    random.mockReturnValue(0.001);
    await pass(5000);
    mock.end();
    await settled();
    expect(errors[7]!.retryIn).toBeCloseTo(1);
  });

  test("counts anew only after five seconds of health", async () => {
    const { mock, client, errors } = open();
    client.connect();
    for (const held of [4999, 4999, 5000, 0]) {
      await settled();
      await pass(held);
      mock.end();
      await settled();
      await pass(errors.at(-1)!.retryIn!);
    }
    expect(errors.map((e) => e.retryIn)).toEqual([500, 1000, 500, 1000]);
  });

  test("is never sooner than the server's retry", async () => {
    const { mock, client, errors } = open();
    client.connect();
    await settled();
    mock.streams[0]!.write("retry: 4000\n\n");
    await settled();
    mock.end();
    await settled();
    expect(errors[0]!.retryIn).toBe(4000);
    await pass(3999);
    expect(mock.requests).toHaveLength(1);
    await pass(1);
    expect(mock.requests).toHaveLength(2);
  });

  test("is no loop where the server says retry: 0", async () => {
    const { mock, client, errors } = open();
    client.connect();
    await settled();
    mock.streams[0]!.write("retry: 0\n\n");
    await settled();
    for (let i = 0; i < 3; i++) mock.fail("network");
    mock.end();
    await pass(10_000);
    expect(errors.map((e) => e.retryIn)).toEqual([500, 1000, 2000, 4000]);
  });

  test.each([
    ["in seconds", () => "7", 7000],
    ["as a date", () => new Date(Date.now() + 9000).toUTCString(), 8000],
  ])("is never sooner than Retry-After says %s, and spread", async (_, header, least) => {
    const { mock, client, errors } = open();
    mock.fail(() => new Response(null, { status: 503, headers: { "Retry-After": header() } }));
    client.connect();
    await settled();
    expect(errors[0]).toMatchObject({ code: "HTTP_503", status: 503 });
    expect(errors[0]!.retryIn).toBeGreaterThanOrEqual(least + 500);
    await pass(errors[0]!.retryIn! - 1);
    expect(mock.requests).toHaveLength(1);
    await pass(1);
    expect(mock.requests).toHaveLength(2);
  });

  test("Retry-After of a year is no overflow", async () => {
    const { mock, client } = open();
    mock.fail(503, "", { "Retry-After": "31536000" });
    client.connect();
    await pass(1e6);
    expect(mock.requests).toHaveLength(1);
  });

  test("can be asked for at once", async () => {
    const { mock, client } = open();
    mock.fail("network");
    client.connect();
    await settled();
    expect(status(client)).toBe("waiting");
    client.connect();
    await settled();
    expect(status(client)).toBe("open");
    await pass(1e5 - 1);
    expect(mock.requests.length).toBeLessThanOrEqual(3); // no second timer
  });

  test("is not done where it is not wanted", async () => {
    const { mock, client, said, errors } = open({ reconnect: false });
    client.connect();
    await settled();
    mock.end();
    await pass(1e6);
    expect(said).toEqual(["open", "error STREAM_ENDED", "close"]);
    expect(errors[0]!.retryIn).toBeUndefined();
    client.connect();
    await settled();
    expect(status(client)).toBe("open");
  });
});

describe("the server's answer", () => {
  test("204 closes, and is no error", async () => {
    const { mock, client, said } = open();
    mock.fail(204);
    client.connect();
    await pass(1e6);
    expect(said).toEqual(["close"]);
    expect(client.getSnapshot()).toMatchObject({ status: "closed", error: null });
    expect(mock.requests).toHaveLength(1);
  });

  test.each([400, 403, 404, 406, 410, 418])("%i closes for good, with the server's reason", async (code) => {
    const { mock, client, said, errors } = open();
    mock.fail(() => Response.json({ code: "NO", detail: "not you" }, { status: code }));
    client.connect();
    await pass(1e6);
    expect(said).toEqual(["error NO", "close"]);
    expect(errors[0]).toMatchObject({ type: "error", code: "NO", message: "not you", status: code });
    expect(errors[0]).toBeInstanceOf(Event);
    expect(errors[0]!.retryIn).toBeUndefined();
    expect(client.getSnapshot()).toMatchObject({ status: "closed", error: errors[0] });
    expect(mock.requests).toHaveLength(1);
  });

  test.each([408, 425, 429, 500, 502, 503])("%i is tried again", async (code) => {
    const { mock, client, said } = open();
    mock.fail(code, "<html>");
    client.connect();
    await pass(1000);
    expect(said).toEqual(["error HTTP_" + code, "open"]);
  });

  test("a login page closes for good", async () => {
    const { mock, client, said, errors } = open();
    mock.fail(200, "<html>", { "Content-Type": "text/html" });
    client.connect();
    await pass(1e6);
    expect(said).toEqual(["error NOT_A_STREAM", "close"]);
    expect(errors[0]!.message).toContain("text/html");
    expect(mock.requests).toHaveLength(1);
  });

  test("an error event is told with the time of coming back, and was no open stream", async () => {
    const { mock, client, said, errors } = open({}, { greeting: false });
    client.connect();
    await settled();
    mock.emit({ type: "error", data: { code: "MAX_CLIENTS", message: "full" }, retry: 8000 });
    await settled();
    expect(said).toEqual(["error MAX_CLIENTS"]);
    expect(errors[0]).toMatchObject({ message: "full", retryIn: 8500 });
    expect(status(client)).toBe("waiting");
    expect(mock.streams).toHaveLength(0);
    await pass(8499);
    expect(mock.requests).toHaveLength(1);
    await pass(1);
    expect(mock.requests).toHaveLength(2);
  });
});

describe("the token", () => {
  const tokens = () => {
    const asked: boolean[] = [];
    return { asked, getToken: ({ refresh }: { refresh: boolean }) => (asked.push(refresh), "t" + asked.length) };
  };

  test("is renewed once at 401, and nobody need know", async () => {
    const { asked, getToken } = tokens();
    const { mock, client, said } = open({ getToken });
    mock.fail(401);
    client.connect();
    await settled();
    expect(said).toEqual(["open"]);
    expect(asked).toEqual([false, true]);
    expect(mock.requests.map((r) => r.headers.get("Authorization"))).toEqual(["Bearer t1", "Bearer t2"]);
  });

  test("that is refused twice closes for good", async () => {
    const { asked, getToken } = tokens();
    const { mock, client, said } = open({ getToken });
    mock.fail(401);
    mock.fail(401);
    client.connect();
    await pass(1e6);
    expect(said).toEqual(["error HTTP_401", "close"]);
    expect(asked).toEqual([false, true]);
  });

  test("may be renewed again after a healthy stream, not before", async () => {
    for (const [held, end] of [[5000, "open"], [4999, "closed"]] as const) {
      const { asked, getToken } = tokens();
      const { mock, client } = open({ getToken });
      mock.fail(401);
      client.connect();
      await settled();
      await pass(held);
      mock.fail(401);
      mock.end();
      await settled();
      await pass(1000);
      await settled();
      expect(status(client)).toBe(end);
      expect(asked).toEqual(held === 5000 ? [false, true, false, true] : [false, true, false]);
      client.disconnect();
    }
  });

  test("without one, 401 closes for good", async () => {
    const { mock, client, said } = open();
    mock.fail(401);
    client.connect();
    await pass(1e6);
    expect(said).toEqual(["error HTTP_401", "close"]);
  });

  test("is renewed when the session has expired", async () => {
    const { asked, getToken } = tokens();
    const { mock, client, said } = open({ getToken });
    client.connect();
    await settled();
    mock.emit({ type: "error", data: { code: "SESSION_EXPIRED", message: "sign in" } });
    await settled();
    expect(said).toEqual(["open", "error SESSION_EXPIRED", "open"]);
    expect(asked).toEqual([false, true]);
  });

  test("a session that expires at once again is no loop", async () => {
    const { getToken } = tokens();
    const { mock, client, errors } = open({ getToken });
    client.connect();
    for (let i = 0; i < 3; i++) {
      await settled();
      mock.emit({ type: "error", data: { code: "SESSION_EXPIRED" } });
      await settled();
      await pass(errors.at(-1)!.retryIn!);
    }
    expect(errors.map((e) => e.retryIn)).toEqual([0, 500, 1000]);
  });

  test("that can't be sent is not told to anybody", async () => {
    const { client, errors } = open({ getToken: () => "sec\nret" });
    client.connect();
    await settled();
    expect(errors[0]!.code).toBe("NO_TOKEN");
    expect(`${errors[0]!.message} ${errors[0]!.cause}`).not.toMatch(/sec|ret/);
  });

  test("that can't be had is tried again", async () => {
    let calls = 0;
    const { client, said } = open({
      getToken() {
        if (!calls++) throw new Error("no network");
        return null;
      },
    });
    client.connect();
    await pass(500);
    await settled();
    expect(said).toEqual(["error NO_TOKEN", "open"]);
  });
});

describe("silence", () => {
  test("of two and a half heartbeats ends the stream, and it is back at once", async () => {
    const { mock, client, said } = open({}, { greeting: { heartbeatInterval: 10_000 } });
    client.connect();
    await settled();
    for (let i = 0; i < 4; i++) {
      await pass(24_999);
      i % 2 ? mock.heartbeat() : mock.comment();
      await settled();
    }
    expect(mock.requests).toHaveLength(1);
    await pass(25_000);
    expect(said).toEqual(["open", "error TIMEOUT"]);
    expect(mock.streams).toHaveLength(0);
    await pass(500);
    expect(status(client)).toBe("open");
  });

  test("is measured as the option says", async () => {
    const { mock, client, said } = open({ heartbeatInterval: 1000 });
    client.connect();
    await settled();
    await pass(2499);
    expect(said).toEqual(["open"]);
    await pass(1);
    expect(said).toEqual(["open", "error TIMEOUT"]);
    expect(mock.requests).toHaveLength(1);
  });

  test("instead of an answer ends the attempt, with backoff", async () => {
    const { mock, client, errors } = open();
    mock.fail(() => new Promise(() => {}));
    client.connect();
    await pass(75_000);
    expect(errors.map((e) => [e.code, e.retryIn])).toEqual([["TIMEOUT", 500]]);
    expect(mock.requests[0]!.signal!.aborted).toBe(true);
  });
});

describe("gaps", () => {
  test.each(["partial", "reset"] as const)("%s is told", async (what) => {
    const { client, gaps, said } = open({}, { greeting: { resume: { status: what, from: "1-0", to: "9-0" } } });
    client.connect();
    await settled();
    expect(said).toEqual(["open", "gap " + what]);
    expect(gaps[0]).toMatchObject({ from: "1-0", to: "9-0" });
  });

  test("what the server dropped is told; a resume that is whole is not", async () => {
    const { mock, client, gaps } = open({}, { greeting: { resume: { status: "resumed", replayed: 3 } } });
    client.connect();
    await settled();
    mock.emit({ type: "connection", data: { status: "replayed", replayed: 3, to: "9-0" } });
    mock.emit({ type: "connection", data: { status: "gap", dropped: 3, from: "1-0", to: "3-0" } });
    await settled();
    expect(gaps).toEqual([{ reason: "dropped", dropped: 3, from: "1-0", to: "3-0" }]);
  });
});

describe("schemas", () => {
  /** Takes numbers, and answers after so many ms; none: at once. */
  const number = (after?: number) => ({
    "~standard": {
      version: 1 as const,
      vendor: "test",
      validate(value: unknown) {
        const result = typeof value === "number" ? { value: value * 10 } : { issues: [{ message: "no number" }] };
        return after === undefined ? result : new Promise<typeof result>((r) => setTimeout(() => r(result), after));
      },
    },
  });

  test("say what data is; what they refuse is told and passed over", async () => {
    const { mock, client, said, errors } = open({ schemas: { n: number() } });
    client.connect();
    await settled();
    mock.emit({ type: "n", data: 1, id: "1" });
    mock.emit({ type: "n", data: "x", id: "2" });
    mock.emit({ type: "other", data: "x", id: "3" });
    mock.emit({ type: "constructor", data: 1, id: "4" });
    await settled();
    expect(said).toEqual(["open", "n 10", "error INVALID_EVENT", 'other "x"', "constructor 1"]);
    expect(errors[0]!.cause).toEqual([{ message: "no number" }]);
    expect(client.getSnapshot()).toMatchObject({ status: "open", error: null, lastEventId: "4" });
  });

  test("that take their time keep the order, and slow the reading", async () => {
    const { mock, client, said } = open({ schemas: { n: number(100) } });
    client.connect();
    await settled();
    mock.emit({ type: "n", data: 1, id: "1" });
    mock.emit({ type: "other", data: "x", id: "2" });
    await pass(99);
    expect(said).toEqual(["open"]);
    expect(client.getSnapshot().lastEventId).toBeNull();
    await pass(1);
    expect(said).toEqual(["open", "n 10", 'other "x"']);
  });

  test("that are at it when the client is disconnected deliver nothing, and nothing is lost", async () => {
    const { mock, client, said } = open({ schemas: { n: number(100) } });
    client.connect();
    await settled();
    mock.emit({ type: "n", data: 1, id: "1" });
    await pass(50);
    client.disconnect();
    client.connect();
    await pass(100);
    expect(said).toEqual(["open", "close", "open"]);
    mock.emit({ type: "n", data: 1, id: "1" });
    await pass(100);
    expect(said.at(-1)).toBe("n 10");
  });

  test("that are at it when the stream breaks deliver once", async () => {
    const { mock, client, said } = open({ schemas: { n: number(3000) } });
    client.connect();
    await settled();
    mock.emit({ type: "n", data: 1, id: "1" });
    await settled();
    mock.drop();
    await pass(3000); // the reading goes on, and finds that the stream has broken
    await pass(500);
    mock.emit({ type: "n", data: 1, id: "1" });
    await pass(3000);
    expect(said).toEqual(["open", "n 10", "error NETWORK", "open"]);
  });

  test("that throw refuse", async () => {
    const schema = { "~standard": { version: 1 as const, vendor: "test", validate: () => JSON.parse("{") } };
    const { mock, client, said } = open({ schemas: { n: schema } });
    client.connect();
    await settled();
    mock.emit({ type: "n", data: 1 });
    await settled();
    expect(said).toEqual(["open", "error INVALID_EVENT"]);
  });
});

describe("sendEvent", () => {
  test("posts the event with what the stream is asked for with, and gives the answer", async () => {
    const { mock, client } = open({ getToken: () => "t", headers: { "X-App": "shop" } });
    const result = await client.sendEvent("hello", { a: 1 }, { topics: ["x"], priority: "high", idempotencyKey: "k" });
    expect(result).toEqual({ success: true, eventsSent: 0, event: { type: "hello", data: { a: 1 }, id: "1" } });
    const [{ method, url, headers, body }] = mock.requests as [(typeof mock.requests)[0]];
    expect([method, url.pathname + url.search]).toEqual(["POST", "/api/sse"]);
    expect(Object.fromEntries(headers)).toEqual({
      "content-type": "application/json",
      "idempotency-key": "k",
      "x-app": "shop",
      authorization: "Bearer t",
    });
    expect(body).toEqual({ event: "hello", data: { a: 1 }, topics: ["x"], priority: "high" });
  });

  test.each(["userId", "sessionId", "clientIds", "topics"])("a %s that is not there is a fault, and no broadcast", async (target) => {
    const { mock, client } = open();
    const someone: { id?: string } = {};
    await expect(client.sendEvent("a", 1, { [target]: someone.id })).rejects.toThrow(`${target} is undefined`);
    expect(mock.requests.filter(({ method }) => method === "POST")).toEqual([]);
  });

  test("rejects with the server's reason", async () => {
    const { mock, client } = open();
    mock.fail(() => Response.json({ code: "FORBIDDEN", detail: "not you" }, { status: 403 }));
    const fault = await client.sendEvent("a", 1).catch((e: unknown) => e);
    expect(fault).toBeInstanceOf(SSEError);
    expect(fault).toMatchObject({ code: "FORBIDDEN", message: "not you", status: 403 });
    mock.fail("network");
    await expect(client.sendEvent("a", 1)).rejects.toMatchObject({ code: "NETWORK" });
    mock.fail(502, "<html>");
    await expect(client.sendEvent("a", 1)).rejects.toMatchObject({ code: "HTTP_502", status: 502 });
  });

  test("renews the token once", async () => {
    const refreshes: boolean[] = [];
    const { mock, client } = open({ getToken: ({ refresh }) => (refreshes.push(refresh), "t") });
    mock.fail(401);
    await client.sendEvent("a", 1);
    expect(refreshes).toEqual([false, true]);
    mock.fail(401);
    mock.fail(401);
    await expect(client.sendEvent("a", 1)).rejects.toMatchObject({ status: 401 });
  });

  test("can be given up", async () => {
    const { client } = open();
    await expect(client.sendEvent("a", 1, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      cause: { name: "AbortError" },
    });
  });
});
