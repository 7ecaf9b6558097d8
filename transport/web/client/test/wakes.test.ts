// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createSSEClient, type SSEClient } from "../src/index.js";
import { createMockSSE, type MockSSE } from "../src/testing.js";

let mock: MockSSE;
let client: SSEClient;
const said: string[] = [];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  sessionStorage.clear();
  said.length = 0;
  mock = createMockSSE();
  client = createSSEClient({ fetch: mock.fetch, onError: (e) => said.push(e.code) });
  client.connect();
  await settled();
});

afterEach(() => {
  client.disconnect();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const settled = () => vi.advanceTimersByTimeAsync(0);
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const status = () => client.getSnapshot().status;
const requests = () => mock.requests.length;
const online = (is: boolean) => {
  vi.spyOn(navigator, "onLine", "get").mockReturnValue(is);
  window.dispatchEvent(new Event(is ? "online" : "offline"));
};
const become = (visible: boolean) => {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(visible ? "visible" : "hidden");
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
};
/** Time passes, and no timer fires: the machine sleeps. */
const sleep = (ms: number) => vi.setSystemTime(Date.now() + ms);

/** Brings the client to where it waits for more than ten seconds. */
async function waiting() {
  for (let i = 0; i < 5; i++) mock.fail("network");
  mock.drop();
  await pass(20_000); // the last attempt was at 15.5 s, the next is due at 30.5 s
  expect(status()).toBe("waiting");
}

const wakes: [string, () => void][] = [
  ["the network comes back", () => online(true)],
  ["the page is seen", () => become(true)],
  ["the page is shown again", () => window.dispatchEvent(new Event("pageshow"))],
  ["the page is thawed", () => document.dispatchEvent(new Event("resume"))],
];

describe("a client that waits", () => {
  test.each(wakes)("tries at once when %s", async (_, wake) => {
    await waiting();
    const before = requests();
    wake();
    await pass(499);
    expect(requests()).toBe(before);
    await pass(1);
    expect(requests()).toBe(before + 1);
    expect(status()).toBe("open");
  });

  test("tries once, however many reasons there are", async () => {
    await waiting();
    const before = requests();
    for (let i = 0; i < 5; i++) for (const [, wake] of wakes) wake();
    await pass(30_000);
    expect(requests()).toBe(before + 1);
    expect(mock.streams).toHaveLength(1);
  });

  test("does not when the page is hidden", async () => {
    await waiting();
    const before = requests();
    become(false);
    await pass(600);
    expect(requests()).toBe(before);
  });

  test("is not sooner than the server has asked for", async () => {
    mock.fail(503, "", { "Retry-After": "9" });
    mock.drop();
    await pass(500);
    expect(status()).toBe("waiting");
    const before = requests();
    wakes.forEach(([, wake]) => wake());
    await pass(9499);
    expect(requests()).toBe(before);
    await pass(1);
    expect(requests()).toBe(before + 1);
  });
});

describe("a client whose machine has slept", () => {
  test.each(wakes)("leaves a stream that is dead when %s", async (_, wake) => {
    sleep(75_001);
    wake();
    expect(said).toEqual(["TIMEOUT"]);
    expect(mock.streams).toHaveLength(0);
    await pass(500);
    expect(status()).toBe("open");
    expect(mock.streams).toHaveLength(1);
  });

  test.each(wakes)("keeps a stream that may be alive when %s", async (_, wake) => {
    sleep(74_000);
    wake();
    await pass(900);
    expect(requests()).toBe(1);
    mock.heartbeat();
    await settled();
    await pass(70_000);
    expect([requests(), status()]).toEqual([1, "open"]);
  });

  test("is not confused by a clock that is set back", async () => {
    sleep(-3_600_000);
    become(true);
    await pass(74_999);
    expect(said).toEqual([]);
    await pass(1);
    expect(said).toEqual(["TIMEOUT"]);
  });
});

describe("without a network", () => {
  test("it has no stream and makes no attempt until there is one", async () => {
    mock.emit({ data: 1, id: "7" });
    await settled();
    online(false);
    expect(status()).toBe("offline");
    expect(mock.streams).toHaveLength(0);
    become(true);
    await pass(600_000);
    expect(requests()).toBe(1);
    online(true);
    await pass(500);
    expect(status()).toBe("open");
    expect(mock.requests[1]!.headers.get("Last-Event-ID")).toBe("7");
    expect(said).toEqual([]);
  });

  test("an attempt that fails waits for it, too", async () => {
    vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
    mock.drop();
    await settled();
    expect(status()).toBe("offline");
    await pass(600_000);
    expect(requests()).toBe(1);
    online(true);
    await pass(500);
    expect(status()).toBe("open");
  });

  test("whoever asks may try", async () => {
    online(false);
    client.connect();
    await settled();
    expect(status()).toBe("open"); // on this machine, say
  });

  test("a client that is disconnected stays so", async () => {
    client.disconnect();
    online(false);
    online(true);
    wakes.forEach(([, wake]) => wake());
    await pass(60_000);
    expect([status(), requests()]).toEqual(["closed", 1]);
  });
});

describe("a page that is put aside", () => {
  test.each([
    ["pagehide", "pageshow", window],
    ["freeze", "resume", document],
  ])("has no stream from %s to %s", async (hide, show, target) => {
    mock.emit({ data: 1, id: "7" });
    await settled();
    target.dispatchEvent(new Event(hide));
    expect(mock.streams).toHaveLength(0);
    await pass(600_000);
    expect(requests()).toBe(1);
    target.dispatchEvent(new Event(show));
    await pass(500);
    expect(status()).toBe("open");
    expect(mock.requests[1]!.headers.get("Last-Event-ID")).toBe("7");
    expect(said).toEqual([]);
  });
});

describe("sessionStorage", () => {
  const KEY = "sseactor:/api/sse";

  test("holds the id of the last event that was delivered", async () => {
    let held: string | null = null;
    client.on(() => (held = sessionStorage.getItem(KEY)));
    mock.emit({ data: 1, id: "7" });
    await settled();
    expect(held).toBeNull(); // while it is delivered: a crash here must not lose it
    expect(sessionStorage.getItem(KEY)).toBe("7");
    mock.emit({ data: 2, id: "8" });
    await settled();
    expect([held, sessionStorage.getItem(KEY)]).toEqual(["7", "8"]);
  });

  test("is written once for all that came together", async () => {
    const write = vi.spyOn(Object.getPrototypeOf(sessionStorage), "setItem");
    mock.streams[0]!.write(Array.from({ length: 50 }, (_, i) => `id: ${i}\ndata: ${i}\n\n`).join(""));
    await settled();
    expect(sessionStorage.getItem(KEY)).toBe("49");
    expect(write.mock.calls.length).toBeLessThanOrEqual(1);
  });

  test("is asked where to begin, unless the option says", async () => {
    sessionStorage.setItem(KEY, "5");
    for (const [lastEventId, want] of [[undefined, "5"], ["6", "6"]] as const) {
      const other = createSSEClient({ fetch: mock.fetch, lastEventId });
      other.connect();
      await settled();
      expect(mock.requests.at(-1)!.headers.get("Last-Event-ID")).toBe(want);
      other.disconnect();
    }
  });

  test("that is forbidden or full is done without", async () => {
    vi.stubGlobal("sessionStorage", new Proxy({}, { get() { throw new DOMException("", "SecurityError"); }, set() { throw new DOMException("", "QuotaExceededError"); } }));
    const other = createSSEClient({ fetch: mock.fetch });
    other.connect();
    await settled();
    mock.emit({ data: 1, id: "7" });
    await settled();
    expect(other.getSnapshot()).toMatchObject({ status: "open", lastEventId: "7" });
    other.disconnect();
  });
});
