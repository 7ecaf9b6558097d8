// @vitest-environment happy-dom
import { act, cleanup, render, renderHook, screen } from "@testing-library/react";
import { type ReactNode, StrictMode, useEffect, useState } from "react";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { useSSE, type UseSSEOptions, type UseSSEResult } from "../src/react.js";
import { createMockSSE, type MockSSE } from "../src/testing.js";

let mock: MockSSE;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  sessionStorage.clear();
  mock = createMockSSE();
});

afterEach(async () => {
  cleanup();
  await settled();
  expect(mock.streams).toHaveLength(0); // whatever was mounted
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const settled = () => act(() => vi.advanceTimersByTimeAsync(0));
const emit = async (...all: Parameters<MockSSE["emit"]>[0][]) => {
  all.forEach(mock.emit);
  await settled();
};

/** Shows what `show` reads, and counts how often it was rendered. */
function Show({ show, options }: { show: (sse: UseSSEResult) => ReactNode; options?: UseSSEOptions }) {
  const sse = useSSE({ fetch: mock.fetch, ...options });
  renders++;
  return <p>{show(sse)}</p>;
}
let renders = 0;
beforeEach(() => void (renders = 0));
const text = () => screen.getByRole("paragraph").textContent;

describe("a component", () => {
  test("shows the stream, and ends it when it goes", async () => {
    const { unmount } = render(<Show show={(s) => `${s.status} ${s.isConnecting} ${s.isConnected} ${s.lastEvent?.data}`} />);
    expect(text()).toBe("connecting true false undefined");
    await settled();
    expect(text()).toBe("open false true undefined");
    await emit({ data: "hello" });
    expect(text()).toBe("open false true hello");
    unmount();
    await settled();
    expect(mock.streams).toHaveLength(0);
  });

  test("renders again for what it reads only", async () => {
    render(<Show show={(s) => s.status} />);
    await settled();
    const before = renders;
    await emit({ data: 1, id: "1" }, { data: 2, id: "2" });
    mock.heartbeat();
    await act(() => vi.advanceTimersByTimeAsync(5000)); // healthy
    expect(renders).toBe(before);
    mock.end();
    await settled();
    expect([text(), renders]).toEqual(["waiting", before + 1]);
  });

  test("that reads nothing renders once", async () => {
    render(<Show show={() => "-"} />);
    await settled();
    await emit({ data: 1, id: "1" });
    mock.end();
    await settled();
    expect(renders).toBe(1);
  });

  test("that begins to read a field has it as it is now", async () => {
    const show = (s: UseSSEResult) => s.status;
    const { rerender } = render(<Show show={show} />);
    await settled();
    await emit({ data: "new", id: "1" });
    rerender(<Show show={(s) => String(s.lastEvent?.data)} />);
    expect(text()).toBe("new");
    await emit({ data: "newer", id: "2" });
    expect(text()).toBe("newer");
  });

  test("may spread the result", async () => {
    const { result } = renderHook(() => ({ ...useSSE({ fetch: mock.fetch, topics: ["a"] }) }));
    await settled();
    await emit({ data: 1, id: "1" });
    expect(result.current).toMatchObject({ status: "open", lastEventId: "1", clientId: "mock-1", topics: ["a"] });
  });
});

describe("callbacks", () => {
  test("come once for every event, whatever React batches, and are those of the last render", async () => {
    const heard: string[] = [];
    const { rerender } = renderHook(
      ({ name }) => useSSE({ fetch: mock.fetch, onEvent: (e) => heard.push(`${name} ${e.data}`) }).lastEvent,
      { initialProps: { name: "first" } },
    );
    await settled();
    await emit(...Array.from({ length: 100 }, (_, i) => ({ data: i, id: String(i) })));
    expect(heard).toEqual(Array.from({ length: 100 }, (_, i) => `first ${i}`));
    rerender({ name: "second" });
    await emit({ data: "x" });
    expect(heard.at(-1)).toBe("second x");
    expect(heard).toHaveLength(101);
  });

  test("that are taken away are not called", async () => {
    const onEvent = vi.fn();
    const { rerender } = renderHook((options: UseSSEOptions) => useSSE({ fetch: mock.fetch, ...options }), {
      initialProps: { onEvent } as UseSSEOptions,
    });
    await settled();
    rerender({});
    await emit({ data: 1 });
    expect(onEvent).not.toHaveBeenCalled();
  });

  test("hear of opening, errors, gaps and the end", async () => {
    const said: string[] = [];
    const { result } = renderHook(() =>
      useSSE({
        fetch: mock.fetch,
        onOpen: () => said.push("open"),
        onError: (e) => said.push(e.code),
        onGap: (gap) => said.push(gap.reason),
        onClose: () => said.push("close"),
      }),
    );
    await settled();
    await emit({ type: "connection", data: { status: "gap", dropped: 1 } });
    mock.end();
    await settled();
    act(() => result.current.disconnect());
    expect(said).toEqual(["open", "dropped", "STREAM_ENDED", "close"]);
    expect(result.current.status).toBe("closed");
    act(() => result.current.connect());
    await settled();
    expect(said.at(-1)).toBe("open");
  });
});

describe("the stream", () => {
  test("is opened once in StrictMode", async () => {
    const opened = vi.fn();
    render(<Show show={(s) => s.status} options={{ onOpen: opened }} />, { wrapper: StrictMode });
    await settled();
    expect(text()).toBe("open");
    expect(mock.requests).toHaveLength(1);
    expect(opened).toHaveBeenCalledTimes(1);
  });

  test("is shared by hooks that ask for the same, each with its own callbacks, and ends with the last", async () => {
    const heard: string[] = [];
    const hook = (name: string, topics = ["b", "a"]) =>
      renderHook(() => useSSE({ fetch: mock.fetch, topics, onEvent: () => heard.push(name) }));
    const one = hook("one");
    await settled();
    const two = hook("two", ["a", "b"]);
    expect(two.result.current.isConnected).toBe(true); // at its first render
    hook("other", ["c"]).unmount();
    await settled();
    expect(mock.requests).toHaveLength(2);
    expect(mock.streams).toHaveLength(1);
    await emit({ data: 1 });
    expect(heard).toEqual(["one", "two"]);
    one.unmount();
    await emit({ data: 2 });
    expect(heard).toEqual(["one", "two", "two"]);
    two.unmount();
    await settled();
    expect(mock.streams).toHaveLength(0);
  });

  test("is another one when what is asked for changes, and the same when only the callbacks do", async () => {
    const { rerender, result } = renderHook(
      ({ topic }) => useSSE({ fetch: mock.fetch, topics: [topic], onEvent: () => {} }),
      { initialProps: { topic: "a" } },
    );
    await settled();
    rerender({ topic: "a" });
    await settled();
    expect(mock.requests).toHaveLength(1);
    rerender({ topic: "b" });
    await settled();
    expect(mock.streams.map((s) => s.request.url.search)).toEqual(["?topics=b"]);
    expect(result.current.topics).toEqual(["b"]);
  });

  test("stays when one page follows another", async () => {
    const { rerender } = render(<Show key="1" show={(s) => s.status} />);
    await settled();
    rerender(<Show key="2" show={(s) => s.status} />);
    await settled();
    expect(mock.requests).toHaveLength(1);
    expect(text()).toBe("open");
  });

  test("waits for connect where it is not enabled, and goes when it no longer is", async () => {
    const { result, rerender } = renderHook((enabled: boolean) => useSSE({ fetch: mock.fetch, enabled }), {
      initialProps: false,
    });
    await settled();
    expect(result.current.status).toBe("idle");
    expect(mock.requests).toHaveLength(0);
    act(() => result.current.connect());
    await settled();
    expect(result.current.status).toBe("open");
    rerender(true);
    await settled();
    expect(mock.requests).toHaveLength(1);
    rerender(false);
    await settled();
    expect(result.current.status).toBe("closed");
    expect(mock.streams).toHaveLength(0);
  });

  test("goes on where it was when a component is mounted again, and after a reload", async () => {
    const first = render(<Show show={(s) => s.lastEventId} />);
    await settled();
    await emit({ data: 1, id: "7-1" });
    first.unmount();
    await settled();
    render(<Show show={(s) => s.lastEventId} />);
    await settled();
    expect(mock.requests[1]!.headers.get("Last-Event-ID")).toBe("7-1");
    expect(Object.values({ ...sessionStorage })).toContain("7-1");
  });

  test("keeps nothing with resume: false", async () => {
    const options = { resume: false };
    const first = render(<Show show={(s) => s.status} options={options} />);
    await settled();
    await emit({ data: 1, id: "7-1" });
    first.unmount();
    await settled();
    expect(sessionStorage).toHaveLength(0);
    render(<Show show={(s) => s.status} options={options} />);
    await settled();
    expect(mock.requests[1]!.headers.has("Last-Event-ID")).toBe(false);
  });

  test("asks each time with the token of the last render", async () => {
    const { rerender } = renderHook(({ token }) => useSSE({ fetch: mock.fetch, getToken: () => token }), {
      initialProps: { token: "a" },
    });
    await settled();
    rerender({ token: "b" });
    mock.end();
    await act(() => vi.advanceTimersByTimeAsync(1000));
    expect(mock.requests.map((r) => r.headers.get("Authorization"))).toEqual(["Bearer a", "Bearer b"]);
  });
});

test("connect, disconnect and sendEvent stay the same functions", async () => {
  const seen = new Set<unknown>();
  const { result, rerender } = renderHook(({ topic }) => useSSE({ fetch: mock.fetch, topics: [topic] }), {
    initialProps: { topic: "a" },
  });
  for (const topic of ["a", "b"]) {
    rerender({ topic });
    await settled();
    await emit({ data: topic });
    const { connect, disconnect, sendEvent } = result.current;
    [connect, disconnect, sendEvent].forEach((f) => seen.add(f));
  }
  expect(seen.size).toBe(3);
  await expect(result.current.sendEvent("a", 1)).resolves.toMatchObject({ success: true });
});

test("a child's effect may send before the stream is there", async () => {
  const results: unknown[] = [];
  function Child({ sse }: { sse: UseSSEResult }) {
    useEffect(() => void sse.sendEvent("hi", 1).then((r) => results.push(r.success)), [sse.sendEvent]);
    return null;
  }
  render(<Show show={(s) => <Child sse={s} />} />);
  await settled();
  await vi.waitFor(() => expect(results).toEqual([true]));
});

test("a late connect of a component that has gone opens nothing", async () => {
  const { result, unmount } = renderHook(() => useSSE({ fetch: mock.fetch }));
  await settled();
  unmount();
  await settled();
  result.current.connect();
  await settled();
  expect(mock.requests).toHaveLength(1);
});

describe("on a server", () => {
  test("nothing is opened, and the page is hydrated as it was rendered", async () => {
    const page = <Show show={(s) => s.status} />;
    const html = renderToString(page);
    expect(html).toBe("<p>idle</p>");
    expect(mock.requests).toHaveLength(0);

    const container = document.body.appendChild(document.createElement("div"));
    container.innerHTML = html;
    const complained = vi.spyOn(console, "error");
    const recovered = vi.fn();
    render(page, { container, hydrate: true, onRecoverableError: recovered });
    await settled();
    expect(container.textContent).toBe("open");
    expect(complained).not.toHaveBeenCalled();
    expect(recovered).not.toHaveBeenCalled();
  });
});

test("setting state for each event loses none", async () => {
  function List() {
    const [items, setItems] = useState<unknown[]>([]);
    useSSE({ fetch: mock.fetch, onEvent: (e) => setItems((old) => [...old, e.data]) });
    return <p>{items.join()}</p>;
  }
  render(<List />, { wrapper: StrictMode });
  await settled();
  await emit({ data: 1 }, { data: 2 }, { data: 3 });
  expect(text()).toBe("1,2,3");
});
