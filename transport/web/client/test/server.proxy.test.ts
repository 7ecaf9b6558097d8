// @vitest-environment node
import type { ServerResponse } from "node:http";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createSSEProxy, type Authorized, type SSEProxyOptions } from "../src/server.js";
import { events, fakeServer, json, next, type Seen } from "./server-rig.js";

const apiKey = "key-0123456789abcdef";
const head = { "Content-Type": "text/event-stream; charset=utf-8" };

interface Rig {
  get: (query?: string, init?: RequestInit) => Promise<Response>;
  seen: Seen[];
  errors: unknown[];
}

/** A proxy before a server that answers so. */
async function proxy(
  answer: (response: ServerResponse, seen: Seen) => void,
  who: Authorized | Response | null = { userId: "7" },
  options: Partial<SSEProxyOptions> = {},
): Promise<Rig> {
  const { url, seen } = await fakeServer(answer);
  const errors: unknown[] = [];
  const handler = createSSEProxy({
    url,
    apiKey,
    authorize: () => who,
    onError: (error) => {
      errors.push(error);
    },
    ...options,
  });
  return {
    get: (query = "", init = {}) => handler(new Request(`http://app.test/api/sse${query}`, init)),
    seen,
    errors,
  };
}

const stream = (response: ServerResponse): void => {
  response.writeHead(200, head).write("data: 1\n\n");
};

describe("what the proxy asks for", () => {
  const asked = async (
    query: string,
    who: Authorized,
    headers: Record<string, string> = {},
  ): Promise<Seen | undefined> => {
    const { get, seen } = await proxy((response) => {
      response.writeHead(200, head).end("data: 1\n\n");
    }, who);
    await (await get(query, { headers })).text();
    return seen[0];
  };

  it("is the stream of whom the app has let in, with the app's key", async () => {
    const seen = await asked("", { userId: "a&b", sessionId: "s" });
    expect(seen).toMatchObject({
      method: "GET",
      url: "/api/sse?userId=a%26b&sessionId=s",
      headers: {
        authorization: `Bearer ${apiKey}`,
        accept: "text/event-stream",
        "accept-encoding": "identity",
      },
    });
  });

  it("is what the browser has missed", async () => {
    const seen = await asked(
      "?device=phone&lastEventId=1-0",
      { userId: "7" },
      { "Last-Event-ID": "2-0", Accept: "text/event-stream, */*;q=0.1" },
    );
    expect(seen).toMatchObject({
      url: "/api/sse?userId=7&device=phone&lastEventId=1-0",
      headers: { "last-event-id": "2-0", accept: "text/event-stream, */*;q=0.1" },
    });
  });

  it("is nobody else's stream, whatever the browser asks for", async () => {
    const other = await asked(
      "?userId=8&sessionId=t&ticket=x",
      { userId: "7" },
      { Cookie: "a=b", Authorization: "Bearer stolen" },
    );
    expect(other?.url).toBe("/api/sse?userId=7");
    expect(other?.headers.authorization).toBe(`Bearer ${apiKey}`);
    expect(other?.headers.cookie).toBeUndefined();
  });

  it.each<[string, string, readonly string[] | undefined, string]>([
    ["all that the caller may read, if it asks for none", "", ["a", "b"], "topics=a&topics=b"],
    ["those it asks for", "?topics=b", ["a", "b"], "topics=b"],
    ["those it asks for in a list", "?topics=b,a&topics=c", ["a", "b", "c"], "topics=b&topics=a&topics=c"],
    ["none, if it may read none", "", undefined, ""],
  ])("has the topics: %s", async (_, query, topics, expected) => {
    const seen = await asked(query, { userId: "7", topics });
    expect(seen?.url).toBe(`/api/sse?userId=7${expected === "" ? "" : "&"}${expected}`);
  });
});

describe("who is not let in", () => {
  it.each<[string, Authorized | null]>([
    ["nobody", null],
    ["somebody without an id", { userId: undefined }],
    ["somebody with an empty id", { userId: "", sessionId: "", topics: [] }],
    ["somebody of whom nothing is said", {}],
  ])("%s", async (_, who) => {
    const { get, seen } = await proxy(stream, who);
    const response = await get();
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: "UNAUTHORIZED" });
    expect(seen).toEqual([]);
  });

  it("nobody, as `session?.user && …` says it in JavaScript", async () => {
    const handler = createSSEProxy({ url: "http://127.0.0.1:1", apiKey, authorize: () => undefined as unknown as null });
    expect((await handler(new Request("http://app.test/api/sse"))).status).toBe(401);
  });

  it.each(["?topics=secret", "?topics=a,secret", "?topics=a&topics=secret", "?topics=a,", "?topics=*"])(
    "somebody who asks for a topic of others: %s",
    async (query) => {
      const { get, seen } = await proxy(stream, { userId: "7", topics: ["a"] });
      const response = await get(query);
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ code: "TOPIC_NOT_ALLOWED", field: "topics" });
      expect(seen).toEqual([]);
    },
  );

  it("is the app's to say", async () => {
    const { get, seen } = await proxy(stream, new Response("pay first", { status: 402 }));
    const response = await get();
    expect(response.status).toBe(402);
    expect(await response.text()).toBe("pay first");
    expect(seen).toEqual([]);
  });
});

describe("a stream that is passed on", () => {
  it("has the headers that keep others from holding it back", async () => {
    const { get } = await proxy((response) => {
      response.writeHead(200, { ...head, "Set-Cookie": "a=b" }).end("data: 1\n\n");
    });
    const response = await get();
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toEqual({
      "content-type": head["Content-Type"],
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    });
  });

  it("has the same bytes, each as soon as it is there", async () => {
    const begin = Buffer.from("retry: 1000\nevent: a\r\ndata: é");
    const pieces = [
      begin.subarray(0, -1),
      begin.subarray(-1),
      Buffer.from("\u0000\ufeff\n\n"),
      Buffer.from(": comment\n\n"),
    ]; // cut within a character
    let more: ServerResponse | undefined;
    const { get } = await proxy((response) => {
      response.writeHead(200, head).flushHeaders();
      more = response;
    });
    const response = await get(); // before there is any of the body
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    for (const piece of pieces) {
      more?.write(piece); // the next is written when this one has come
      expect(Buffer.from((await reader.read()).value as Uint8Array).toString("hex")).toBe(
        piece.toString("hex"),
      );
    }
    more?.end();
    expect(await reader.read()).toEqual({ done: true, value: undefined });
  });

  it("lasts longer than the server may take to answer", async () => {
    let more: ServerResponse | undefined;
    const { get } = await proxy((response) => {
      stream(response);
      more = response;
    });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const read = events(await get());
    expect(await next(read)).toMatchObject({ data: "1" });
    vi.advanceTimersByTime(3_600_000);
    more?.write("data: 2\n\n");
    expect(await next(read)).toMatchObject({ data: "2" });
    more?.end();
  });

  it("ends when the server breaks off", async () => {
    const { get, errors } = await proxy((response) => {
      response.writeHead(200, head).write("data: 1\n\ndata: ha");
      setImmediate(() => response.destroy());
    });
    expect(await (await get()).text()).toBe("data: 1\n\ndata: ha");
    expect(errors).toEqual([]);
  });

  it("is not read faster than the browser reads", async () => {
    let written = 0;
    const { get } = await proxy((response) => {
      const chunk = `data: ${"x".repeat(64 * 1024)}\n\n`;
      const write = (): void => {
        while (!response.destroyed && written < 1000) {
          written++;
          if (!response.write(chunk)) {
            response.once("drain", write);
            return;
          }
        }
      };
      response.writeHead(200, head);
      write();
    });
    const reader = (await get()).body?.getReader();
    await reader?.read();
    // Nobody reads on: what the kernel and fetch hold is far from 64 MB.
    await new Promise((resolve) => {
      setTimeout(resolve, 300);
    });
    expect(written).toBeLessThan(500);
    await reader?.cancel();
  });
});

describe("a browser that leaves", () => {
  async function left(leave: (response: Response, controller: AbortController) => unknown): Promise<void> {
    let closed: Promise<void> | undefined;
    const { get, errors } = await proxy((response) => {
      stream(response);
      closed = new Promise((resolve) => {
        response.once("close", resolve);
      });
    });
    const controller = new AbortController();
    const response = await get("", { signal: controller.signal });
    await leave(response, controller);
    await closed; // or the test does not end
    expect(errors).toEqual([]);
  }

  it("ends the stream at the server by its signal", () =>
    left((_, controller) => {
      controller.abort();
    }));
  it("ends the stream at the server by cancelling the body", () =>
    left(async (response) => {
      await response.body?.cancel();
    }));
  it("ends the stream at the server while it reads", () =>
    left(async (response, controller) => {
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      await reader.read();
      const pending = reader.read();
      controller.abort();
      expect(await pending).toEqual({ done: true, value: undefined });
    }));

  it("is not waited for before there is an answer", async () => {
    const controller = new AbortController();
    const { get, errors } = await proxy(() => {
      controller.abort();
    });
    expect((await get("", { signal: controller.signal })).status).toBe(499);
    expect(errors).toEqual([]);
  });

  it("has nothing asked for that has left already", async () => {
    const { get, seen } = await proxy(stream);
    expect((await get("", { signal: AbortSignal.abort() })).status).toBe(499);
    expect(seen).toEqual([]);
  });
});

describe("an answer that is no stream", () => {
  it.each([
    [401, "UNAUTHORIZED", undefined],
    [403, "FORBIDDEN", undefined],
    [400, "INVALID_REQUEST", undefined],
    [406, "NOT_ACCEPTABLE", undefined],
    [429, "TOO_MANY_STREAMS", "7"],
    [503, "MAX_CLIENTS", "5"],
  ])("is passed on: %i", async (status, code, retryAfter) => {
    const { get, errors } = await proxy((response) => {
      json(response, status, { code }, retryAfter === undefined ? {} : { "Retry-After": retryAfter });
    });
    const response = await get();
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ code });
    expect(response.headers.get("Retry-After")).toBe(retryAfter ?? null);
    expect(response.headers.get("Content-Type")).toBe("application/problem+json");
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(errors).toHaveLength(status === 401 || status === 403 ? 1 : 0); // it is the key's fault, not the browser's
    expect(String(errors)).not.toContain(apiKey);
  });

  it("is passed on: 204", async () => {
    const { get } = await proxy((response) => {
      response.writeHead(204).end();
    });
    const response = await get();
    expect(response.status).toBe(204);
    expect(response.body).toBeNull();
  });

  it.each<[string, (response: ServerResponse) => void]>([
    [
      "a page",
      (response) => {
        response.writeHead(200, { "Content-Type": "text/html" }).end("<html>");
      },
    ],
    [
      "a redirection",
      (response) => {
        response.writeHead(307, { Location: "http://elsewhere.test/" }).end();
      },
    ],
    [
      "an answer that breaks off before it begins",
      (response) => {
        response.destroy();
      },
    ],
    ["no answer", () => {}],
  ])("is a bad gateway: %s", async (_, answer) => {
    const { get, errors } = await proxy(answer, { userId: "7" }, { timeout: 200 });
    const response = await get();
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ code: "BAD_GATEWAY" });
    expect(errors).toHaveLength(1);
  });
});

describe("a proxy that is not configured", () => {
  it("can be made, as a build does, and says so when it is asked", async () => {
    const errors: unknown[] = [];
    const handler = createSSEProxy({
      url: undefined,
      apiKey: undefined,
      authorize: () => ({ userId: "7" }),
      onError: (error) => {
        errors.push(error);
      },
    });
    const response = await handler(new Request("http://app.test/api/sse"));
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ code: "NOT_CONFIGURED" });
    expect(String(errors)).toContain("SSE_URL is not set");
  });

  it("can't be made with an address that is none", () => {
    expect(() => createSSEProxy({ url: "localhost", apiKey, authorize: () => null })).toThrow("url: ");
  });

  it("lets what authorize throws through", async () => {
    const handler = createSSEProxy({
      url: "http://localhost",
      apiKey,
      authorize: () => Promise.reject(new Error("no database")),
    });
    await expect(handler(new Request("http://app.test/api/sse"))).rejects.toThrow("no database");
  });
});

// A listener left on the signal of each request would keep all streams that ever were.
it("nothing of a stream that has ended is kept", async () => {
  const request = new Request("http://app.test/api/sse");
  const own = request.signal;
  let listeners = 0;
  const add = own.addEventListener.bind(own);
  const remove = own.removeEventListener.bind(own);
  own.addEventListener = ((...args: Parameters<typeof add>) => {
    listeners++;
    add(...args);
  }) as typeof add;
  own.removeEventListener = ((...args: Parameters<typeof remove>) => {
    listeners--;
    remove(...args);
  }) as typeof remove;
  const { url } = await fakeServer((response) => {
    response.writeHead(200, head).end("data: 1\n\n");
  });
  await (await createSSEProxy({ url, apiKey, authorize: () => ({ userId: "7" }) })(request)).text();
  expect(listeners).toBe(0);
});
