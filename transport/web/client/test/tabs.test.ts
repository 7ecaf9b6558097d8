import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type ClientOptions, createSSEClient, type Gap, type SSEClient } from "../src/index.js";
import { createMockSSE } from "../src/testing.js";
import { createBrowser } from "./browser.js";

/** A server that keeps what it has sent, and the tabs of a browser that listen to it. */
function world() {
  const browser = createBrowser();
  vi.stubGlobal("BroadcastChannel", browser.BroadcastChannel);
  vi.stubGlobal("navigator", {
    get locks() {
      return browser.locks;
    },
  });
  const history: { data: number; id: string }[] = [];
  const newest = () => history.at(-1)?.id;
  const mock = createMockSSE({ greeting: () => ({ lastEventId: newest(), heartbeatInterval: 10_000 }) });
  const tabs: Tab[] = [];

  const fetching: typeof fetch = async (...args) => {
    const response = await mock.fetch(...args);
    const stream = mock.streams.at(-1);
    const last = stream?.request.headers.get("Last-Event-ID");
    if (last && stream === mock.streams.find((s) => s.request === mock.requests.at(-1))) {
      const at = history.findIndex((e) => e.id === last);
      for (const event of history.slice(at + 1)) stream!.emit(event);
    }
    return response;
  };

  return {
    mock,
    tabs,
    history,
    emit(count = 1) {
      for (let i = 0; i < count; i++) {
        const n = history.length + 1;
        history.push({ data: n, id: `1-${n}` });
        mock.emit(history.at(-1)!);
      }
    },
    async open(options: ClientOptions = {}) {
      const tab = browser.open();
      const self: Tab = {
        tab,
        heard: [],
        said: [],
        gaps: [],
        client: tab.run(() =>
          createSSEClient({
            fetch: fetching,
            shareAcrossTabs: true,
            onEvent: (e) => void (tab.dead || self.heard.push(e.data as number)),
            onOpen: () => self.said.push("open"),
            onClose: () => self.said.push("close"),
            onError: (e) => self.said.push(e.code),
            onGap: (gap) => self.gaps.push(gap),
            ...options,
          }),
        ),
      };
      tabs.push(self);
      connect(self);
      await settled();
      return self;
    },
  };
}

interface Tab {
  tab: ReturnType<ReturnType<typeof createBrowser>["open"]>;
  client: SSEClient;
  heard: number[];
  said: string[];
  gaps: Gap[];
}

let it: ReturnType<typeof world>;

beforeEach(async () => {
  await import("../src/tabs.js"); // so that no time passes when a client asks for it
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  it = world();
});

afterEach(async () => {
  for (const { client, tab } of it.tabs) tab.run(() => client.disconnect());
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const settled = async () => {
  for (let i = 0; i < 5; i++) await vi.advanceTimersByTimeAsync(0);
};
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const statuses = () => it.tabs.map((t) => t.client.getSnapshot().status);
const connect = ({ tab, client }: Tab) => tab.run(() => client.connect());
const leader = () => it.tabs.find((t) => t.tab.leads)!;
const followers = () => it.tabs.filter((t) => !t.tab.leads);

test("eight tabs have one stream, and each gets everything", async () => {
  for (let i = 0; i < 8; i++) await it.open();
  expect(it.mock.requests).toHaveLength(1);
  it.emit(3);
  await settled();
  for (const { heard, said, client } of it.tabs) {
    expect(heard).toEqual([1, 2, 3]);
    expect(said).toEqual(["open"]);
    expect(client.getSnapshot()).toMatchObject({ status: "open", lastEventId: "1-3", clientId: "mock-1" });
  }
});

describe("when the tab that leads", () => {
  const three = async () => {
    for (let i = 0; i < 3; i++) await it.open();
    it.emit(2);
    await settled();
  };
  const others = () => followers().map((t) => t.heard);

  test("disconnects, another goes on where it was", async () => {
    await three();
    const first = leader();
    first.tab.run(() => first.client.disconnect());
    it.emit(2); // while nobody listens
    await settled();
    it.emit(1);
    await settled();
    expect(leader()).not.toBe(first);
    expect(it.mock.requests.map((r) => r.headers.get("Last-Event-ID"))).toEqual([null, "1-2"]);
    expect(first.heard).toEqual([1, 2]);
    expect([leader().heard, ...others().slice(1)]).toEqual([numbers(1, 5), numbers(1, 5)]);
    expect(statuses()).toEqual(["closed", "open", "open"]);
    connect(first);
    await settled();
    expect(first.heard).toEqual(numbers(1, 5));
    expect(it.mock.streams).toHaveLength(1);
  });

  test("crashes, another goes on where it was", async () => {
    await three();
    const first = leader();
    first.tab.crash();
    it.emit(2);
    await settled();
    it.emit(1);
    await settled();
    expect(leader()).not.toBe(first);
    for (const tab of it.tabs) if (tab !== first) expect(tab.heard).toEqual(numbers(1, 5));
  });

  test("is frozen without a word, its lock is stolen, and it catches up when it thaws", async () => {
    await three();
    const first = leader();
    first.tab.freeze();
    await pass(24_000);
    expect(leader()).toBe(first);
    await pass(4000); // two and a half heartbeats, and up to a tenth
    expect(leader()).not.toBe(first);
    it.emit(2);
    await settled();
    for (const tab of it.tabs) if (tab !== first) expect(tab.heard).toEqual(numbers(1, 4));
    first.tab.thaw();
    await settled();
    expect(first.heard).toEqual(numbers(1, 4));
    await pass(2000);
    it.emit(1);
    await settled();
    for (const tab of it.tabs) expect(tab.heard).toEqual(numbers(1, 5));
    expect(it.mock.streams).toHaveLength(1);
  });

  test("is quiet, but answers, it keeps its lock", async () => {
    await three();
    const first = leader();
    await pass(600_000);
    expect(leader()).toBe(first);
  });

  test("is refused for good, all are closed, and all can begin again", async () => {
    await three();
    it.mock.fail(204);
    it.mock.end();
    await pass(5000);
    expect(statuses()).toEqual(["closed", "closed", "closed"]);
    expect(it.mock.requests).toHaveLength(2);
    expect(it.tabs.map((t) => t.said)).toEqual(Array(3).fill(["open", "STREAM_ENDED", "close"]));
    it.tabs.forEach(connect);
    await settled();
    expect(statuses()).toEqual(["open", "open", "open"]);
    expect(it.mock.streams).toHaveLength(1);
  });

  test("loses its stream, the others are told what and when", async () => {
    await three();
    it.mock.drop();
    await settled();
    expect(statuses()).toEqual(["waiting", "waiting", "waiting"]);
    const { error } = leader().client.getSnapshot();
    for (const { client } of followers()) {
      expect(client.getSnapshot().error).toMatchObject({ code: "NETWORK", retryIn: error!.retryIn });
      expect(client.getSnapshot().error).toBeInstanceOf(Event);
    }
  });

  test("waits, another tab can have it try sooner", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    await three();
    for (let i = 0; i < 50; i++) it.mock.fail("network");
    it.mock.drop();
    await pass(50_000); // the last attempt was at 45.5 s, the next is due at 60.5 s
    const before = it.mock.requests.length;
    connect(followers()[0]!);
    await pass(499);
    expect(it.mock.requests.length).toBe(before);
    await pass(1);
    expect(it.mock.requests.length).toBe(before + 1);
  });
});

describe("a tab that comes later", () => {
  test("begins with what comes next", async () => {
    await it.open();
    it.emit(2);
    await settled();
    const late = await it.open();
    it.emit(1);
    await settled();
    expect(late.heard).toEqual([3]);
    expect(late.gaps).toEqual([]);
  });

  test("gets what it has missed", async () => {
    await it.open();
    it.emit(5);
    await settled();
    const late = await it.open({ lastEventId: "1-2" });
    it.emit(1);
    await settled();
    expect(late.heard).toEqual([3, 4, 5, 6]);
    expect(late.gaps).toEqual([]);
    expect(it.mock.requests).toHaveLength(1);
  });

  test("is told of a gap where that is no longer kept, once", async () => {
    await it.open();
    it.emit(300);
    await settled();
    const late = await it.open({ lastEventId: "1-2" });
    it.emit(1);
    await settled();
    expect(late.gaps).toEqual([{ reason: "tab", from: "1-2", to: "1-300" }]);
    expect(late.heard).toEqual([301]);
    leader().tab.run(() => leader().client.disconnect());
    it.emit(1);
    await settled();
    expect(late.heard).toEqual([301, 302]);
    expect(late.gaps).toHaveLength(1);
  });

  test("can fill another's gap once it leads", async () => {
    const first = await it.open();
    it.emit(2);
    await settled();
    await it.open();
    it.emit(3);
    await settled();
    first.tab.run(() => first.client.disconnect());
    await settled();
    connect(first); // was there for 1 to 5
    const late = await it.open({ lastEventId: "1-3" });
    expect(late.heard).toEqual([4, 5]);
  });
});

test("gaps are told in all tabs", async () => {
  for (let i = 0; i < 2; i++) await it.open();
  it.mock.emit({ type: "connection", data: { status: "gap", dropped: 2, from: "1-1", to: "1-2" } });
  await settled();
  expect(it.tabs.map((t) => t.gaps)).toEqual(Array(2).fill([{ reason: "dropped", dropped: 2, from: "1-1", to: "1-2" }]));
});

test("a follower that goes takes nothing with it, and can send", async () => {
  for (let i = 0; i < 3; i++) await it.open();
  const gone = followers()[0]!;
  await expect(gone.client.sendEvent("a", 1)).resolves.toMatchObject({ success: true });
  gone.tab.run(() => gone.client.disconnect());
  it.emit(1);
  await settled();
  expect(it.tabs.map((t) => t.heard.length).sort()).toEqual([0, 1, 1]);
  expect(it.mock.streams).toHaveLength(1);
});

test("tabs that listen to something else have their own stream", async () => {
  await it.open({ topics: ["a"] });
  await it.open({ topics: ["b"] });
  // The fake lock manager has one lock whatever its name, so look at what is asked for.
  const names: string[] = [];
  vi.stubGlobal("navigator", { locks: { request: (name: string) => (names.push(name), new Promise(() => {})) } });
  for (const topics of [["a", "b"], ["b", "a"], ["c"]]) await it.open({ topics });
  expect(names[0]).toBe(names[1]);
  expect(names[2]).not.toBe(names[0]);
});

test.each([
  ["no locks", () => vi.stubGlobal("navigator", {})],
  ["no channels", () => vi.stubGlobal("BroadcastChannel", undefined)],
  ["locks that are forbidden", () => vi.stubGlobal("navigator", { locks: { request: () => Promise.reject(new DOMException("", "SecurityError")) } })],
])("with %s each tab has its own stream", async (_, without) => {
  without();
  for (let i = 0; i < 2; i++) await it.open();
  expect(it.mock.streams).toHaveLength(2);
  it.emit(1);
  await settled();
  expect(it.tabs.map((t) => t.heard)).toEqual([[1], [1]]);
});

test("whatever happens to tabs and streams, nothing is doubled or out of order, and nothing lost without a word", async () => {
  const seeds = Number(process.env["SEEDS"] ?? 20);
  let handovers = 0;
  let gaps = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    let state = seed * 7919;
    const random = (n: number) => (state = (state * 48271) % 2147483647) % n;
    vi.spyOn(Math, "random").mockImplementation(() => random(1000) / 1000);
    const begins = new Map<Tab, number>();
    const open = async () => begins.set(await it.open(), it.history.length + 1);
    it.emit(1); // so that there is an id to begin from
    await open();
    await open();
    for (let step = 0; step < 40; step++) {
      const alive = it.tabs.filter((t) => !t.tab.dead);
      const some = alive[random(alive.length)]!;
      const before = leader();
      switch (random(8)) {
        case 0:
          if (alive.length < 6) await open();
          break;
        case 1:
          if (alive.length > 2) some.tab.crash();
          break;
        case 2:
          some.tab.run(() => some.client.disconnect());
          if (random(2)) await settled();
          it.emit(random(3));
          connect(some);
          break;
        case 3:
          it.mock.drop();
          await pass(random(3000));
          break;
        case 4:
          some.tab.freeze();
          it.emit(random(3));
          await pass(random(60_000));
          some.tab.thaw();
          break;
        default:
          it.emit(random(4));
          await pass(random(2) * 100);
      }
      if (random(2)) await settled();
      if (leader() !== before) handovers++;
    }
    await pass(100_000);
    it.emit(1);
    await pass(10_000); // the stream may just be coming back
    await settled();
    const end = it.history.length;
    for (const tab of it.tabs) {
      if (tab.tab.dead) continue;
      // A tab that comes while the stream is broken begins where the stream broke.
      const begin = Math.min(tab.heard[0]!, begins.get(tab)!);
      // What is missing was told: nobody but the server had it when this tab thawed.
      const told = tab.gaps.map(({ from, to }) => [from, to].map((id) => Number(id!.slice(2))) as [number, number]);
      gaps += told.length;
      const want = numbers(begin, end).filter((n) => !told.some(([from, to]) => n > from && n <= to));
      expect({ seed, heard: tab.heard }).toEqual({ seed, heard: want });
    }
    for (const { client, tab } of it.tabs) tab.run(() => client.disconnect());
    it = world();
  }
  expect(handovers).toBeGreaterThan(seeds);
  expect(gaps).toBeLessThanOrEqual(seeds / 20);
}, 600_000);

test("a tab that was away while the stream had a gap is told of it, too", async () => {
  const [stays, leaves] = [await it.open(), await it.open()];
  it.emit(3);
  await settled();
  leaves.tab.run(() => leaves.client.disconnect());
  it.emit(1);
  await settled();
  it.history.push({ data: 5, id: "1-5" }, { data: 6, id: "1-6" }); // the stream is too slow for these
  it.mock.emit({ type: "connection", data: { status: "gap", dropped: 2, from: "1-4", to: "1-6" } });
  it.emit(1);
  await settled();
  expect(stays.heard).toEqual([1, 2, 3, 4, 7]);
  connect(leaves);
  await settled();
  expect(leaves.gaps).toEqual([{ reason: "tab", from: "1-3", to: "1-7" }]);
  // The one that follows now knows of it as well, and can tell others.
  stays.tab.run(() => stays.client.disconnect());
  await settled();
  const late = await it.open({ lastEventId: "1-4" });
  expect(leaves.tab.leads).toBe(true);
  expect(late.gaps).toEqual([{ reason: "tab", from: "1-4", to: "1-7" }]);
  expect((await it.open({ lastEventId: "1-7" })).gaps).toEqual([]);
});

test("a tab that comes right behind a gap goes on from there", async () => {
  await it.open();
  it.emit(2);
  await settled();
  it.mock.emit({ type: "connection", data: { status: "gap", dropped: 2, from: "1-2", to: "1-4" } });
  await settled();
  const fresh = await it.open();
  expect(fresh.client.getSnapshot().lastEventId).toBe("1-2");
  expect(fresh.gaps).toEqual([]);
  const behind = await it.open({ lastEventId: "1-2" });
  expect(behind.gaps).toEqual([{ reason: "tab", from: "1-2", to: "1-2" }]);
});

test("a tab that has gone before it is told who leads asks for nothing more, and robs nobody", async () => {
  const asked: LockOptions[] = [];
  let answer!: (lock: null) => void;
  const request = (_: string, options: LockOptions, callback: typeof answer) => {
    asked.push(options);
    answer = callback;
    return new Promise(() => {});
  };
  vi.stubGlobal("navigator", { locks: { request } });
  const gone = await it.open();
  gone.tab.run(() => gone.client.disconnect());
  answer(null);
  await pass(600_000);
  expect(asked).toEqual([{ ifAvailable: true }]);
});
