/** A stream that the code under test has opened. */
export interface MockStream {
  /** What it was asked for with. */
  readonly request: MockRequest;
  /** Whether both sides still hold it. */
  readonly open: boolean;
  emit(event: MockEvent): void;
  comment(text?: string): void;
  heartbeat(): void;
  /** Bytes as they are, to cut events where you like. */
  write(text: string | Uint8Array): void;
  /** Ends it as a server does. */
  end(): void;
  /** Breaks it as a network does. */
  drop(): void;
}

export interface MockEvent {
  /** Its name; none: `message`. */
  type?: string | undefined;
  /** Text goes out as it is, anything else as JSON. */
  data: unknown;
  id?: string | undefined;
  retry?: number | undefined;
}

export interface MockRequest {
  readonly method: string;
  /** As it was asked for; relative ones count from `http://mock`. */
  readonly url: URL;
  readonly headers: Headers;
  /** What was sent: parsed if it is JSON. */
  readonly body: unknown;
  readonly signal: AbortSignal | null;
}

export interface MockOptions {
  /** What the `connection` event says beside its status and clientId; false: there is none. */
  greeting?: false | Record<string, unknown> | ((request: MockRequest) => Record<string, unknown>) | undefined;
  /** Answers requests that are no streams; default: 200 and what the server would say. */
  publish?: ((request: MockRequest) => Response | Promise<Response>) | undefined;
}

export interface MockSSE {
  /** Give it as the option `fetch`. */
  readonly fetch: typeof fetch;
  /** All requests so far, oldest first. */
  readonly requests: readonly MockRequest[];
  /** The streams that are open now, oldest first. */
  readonly streams: readonly MockStream[];
  /** Sends to all open streams. */
  emit(event: MockEvent): void;
  comment(text?: string): void;
  heartbeat(): void;
  /** Ends all open streams. */
  end(): void;
  /** Breaks all open streams. */
  drop(): void;
  /** Answers the next request like this, or, with a number and a body, with that status; `network` is no answer at all. */
  fail(answer: number | "network" | Response | (() => Response | Promise<Response>), body?: BodyInit, headers?: HeadersInit): void;
  /** Resolves when so many streams are open. */
  opened(count?: number): Promise<MockStream>;
}

/** A server behind the option `fetch`, for tests of what uses this package. */
export function createMockSSE(options: MockOptions = {}): MockSSE {
  const requests: MockRequest[] = [];
  const streams = new Set<MockStream>();
  const answers: (() => Response | Promise<Response>)[] = [];
  const waiting = new Set<() => void>();
  let made = 0;

  const greet = (request: MockRequest) => {
    if (options.greeting === false) return;
    const more = typeof options.greeting === "function" ? options.greeting(request) : options.greeting;
    const timestamp = new Date().toISOString();
    return { type: "connection", data: { status: "connected", clientId: "mock-" + made, timestamp, ...more } };
  };

  const stream = (request: MockRequest): Response => {
    made++;
    let controller!: ReadableStreamDefaultController<Uint8Array>;
    let open = true;
    const close = (how: () => void) => {
      if (!open) return;
      open = false;
      streams.delete(self);
      how();
    };
    const body = new ReadableStream<Uint8Array>({
      start: (c) => void (controller = c),
      cancel: () => close(() => {}),
    });
    const self: MockStream = {
      request,
      get open() {
        return open;
      },
      emit: (event) => self.write(format(event)),
      comment: (text = "") => self.write(`: ${text}\n\n`),
      heartbeat: () => self.emit({ type: "heartbeat", data: { timestamp: new Date().toISOString() } }),
      write(text) {
        if (!open) throw new Error("createMockSSE: this stream has ended");
        controller.enqueue(typeof text === "string" ? new TextEncoder().encode(text) : text);
      },
      end: () => close(() => controller.close()),
      drop: () => close(() => controller.error(new TypeError("network error"))),
    };
    request.signal?.addEventListener("abort", () => close(() => controller.error(request.signal!.reason)));
    streams.add(self);
    const greeting = greet(request);
    if (greeting) self.emit(greeting);
    for (const tell of [...waiting]) tell();
    return new Response(body, { headers: { "Content-Type": "text/event-stream; charset=utf-8" } });
  };

  const publish = (request: MockRequest): Response | Promise<Response> => {
    if (options.publish) return options.publish(request);
    const { event = "message", data, id = String(requests.length) } = Object(request.body) as Record<string, unknown>;
    return Response.json({ success: true, eventsSent: streams.size, event: { type: event, data, id } });
  };

  const all = (act: (stream: MockStream) => void) => () => [...streams].forEach(act);
  return {
    requests,
    get streams() {
      return [...streams];
    },
    async fetch(input, init) {
      const request = describe(input, init);
      requests.push(request);
      request.signal?.throwIfAborted();
      const answer = answers.shift();
      if (answer) return await answer();
      return request.method === "GET" ? stream(request) : await publish(request);
    },
    emit: (event) => all((s) => s.emit(event))(),
    comment: (text) => all((s) => s.comment(text))(),
    heartbeat: all((s) => s.heartbeat()),
    end: all((s) => s.end()),
    drop: all((s) => s.drop()),
    fail(answer, body, headers) {
      if (typeof answer === "function") answers.push(answer);
      else if (answer instanceof Response) answers.push(() => answer);
      else if (answer === "network") answers.push(() => Promise.reject(new TypeError("Failed to fetch")));
      else answers.push(() => new Response(body ?? null, { status: answer, ...(headers && { headers }) }));
    },
    opened: (count = 1) =>
      new Promise((resolve) => {
        const look = () => {
          if (streams.size < count) return;
          waiting.delete(look);
          resolve([...streams].at(-1)!);
        };
        waiting.add(look);
        look();
      }),
  };
}

function describe(input: RequestInfo | URL, init: RequestInit = {}): MockRequest {
  const url = input instanceof Request ? input.url : String(input);
  let body: unknown = init.body ?? null;
  try {
    body = JSON.parse(String(body));
  } catch {
    // not JSON: as it is
  }
  return {
    method: init.method ?? "GET",
    url: new URL(url, "http://mock"),
    headers: new Headers(init.headers),
    body,
    signal: init.signal ?? null,
  };
}

/** An event as a server writes it. */
function format({ type, data, id, retry }: MockEvent): string {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  let block = "";
  if (retry !== undefined) block += `retry: ${retry}\n`;
  if (type !== undefined) block += `event: ${type}\n`;
  for (const line of text.split(/\r\n|\r|\n/)) block += `data: ${line}\n`;
  if (id !== undefined) block += `id: ${id}\n`;
  return block + "\n";
}
