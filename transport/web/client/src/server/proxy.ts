import { SSEUtilsError, unanswered } from "./error.js";
import { relay } from "./relay.js";
import { duration, endpoint, type Endpoint, type Service } from "./config.js";

/** Whose stream a caller gets. */
export interface Authorized {
  userId?: string | undefined;
  /** By its plain name: the server asks for no signature of somebody with an admin key. */
  sessionId?: string | undefined;
  /**
   * The topics that the caller may read. A request may ask for some of them, and gets all
   * if it asks for none.
   */
  topics?: readonly string[] | undefined;
}

export interface SSEProxyOptions extends Service {
  /**
   * Says whose stream a request gets. This is where access is decided, because the proxy
   * may read anything. Nobody (null, or nothing of the three) is answered 401; a Response is
   * passed on.
   */
  authorize: (request: Request) => Authorized | Response | null | Promise<Authorized | Response | null>;
  /** For how long the server may take to answer, in milliseconds. Default 5,000. The stream itself may last. */
  timeout?: number;
  /** Instead of the global one. */
  fetch?: typeof fetch;
  /** Hears why there is no stream, where it is not the browser's fault. Default: console.error. */
  onError?: (error: SSEUtilsError) => void;
}

/**
 * Makes a Route Handler that passes a stream of the server on:
 *
 *     export const GET = createSSEProxy({ authorize })
 *
 * The key needs the scope admin, since it opens streams for users that the app has signed
 * in. What the server says of its own (204, 401, 429, 503 …) is passed on as it is.
 */
export function createSSEProxy(options: SSEProxyOptions): (request: Request) => Promise<Response> {
  const service = endpoint(options);
  const timeout = duration("timeout", options.timeout, 5_000);
  const { authorize, onError = report } = options;
  const ask: typeof fetch = options.fetch ?? ((input, init) => fetch(input, init));

  return async (request) => {
    const who = await authorize(request);
    if (who instanceof Response) return who;
    const query = who == null ? null : queryOf(who, new URL(request.url).searchParams);
    if (query === null) return problem(401, "UNAUTHORIZED", "sign in");
    if (query instanceof Response) return query;

    let upstream: Endpoint;
    try {
      upstream = service();
    } catch (error) {
      onError(error as SSEUtilsError);
      return problem(500, "NOT_CONFIGURED", "the app does not know its event server");
    }
    return open(request, upstream, query);
  };

  async function open(
    request: Request,
    { address, authorization }: Endpoint,
    query: URLSearchParams,
  ): Promise<Response> {
    // When the browser leaves, so does this. Its signal is not given to fetch itself: the
    // time that the server has to answer must end the wait, and not the stream.
    const gone = new AbortController();
    const leave = (): void => {
      gone.abort(request.signal.reason);
    };
    request.signal.addEventListener("abort", leave, { once: true });
    if (request.signal.aborted) leave();
    const over = (): void => {
      request.signal.removeEventListener("abort", leave);
    };
    const late = setTimeout(() => {
      gone.abort(new DOMException("no answer", "TimeoutError"));
    }, timeout);
    try {
      const answer = await ask(`${address}/api/sse?${query.toString()}`, {
        headers: headersOf(request, authorization),
        signal: gone.signal,
        cache: "no-store",
        redirect: "manual",
      });
      return passOn(answer, onError, () => {
        over();
        gone.abort();
      });
    } catch (error) {
      over();
      if (request.signal.aborted) return problem(499, "CLIENT_CLOSED", "the browser has left");
      onError(unanswered(`GET ${address}/api/sse`, error, 1, timeout));
      return problem(502, "BAD_GATEWAY", "the event server does not answer");
    } finally {
      clearTimeout(late);
    }
  }
}

/** What is asked of the server; null: nothing, for the caller is nobody. */
function queryOf(who: Authorized, asked: URLSearchParams): URLSearchParams | Response | null {
  const granted = who.topics ?? [];
  // An undefined userId is what an app has for somebody who is not signed in.
  if (!who.userId && !who.sessionId && granted.length === 0) return null;
  const query = new URLSearchParams();
  if (who.userId) query.set("userId", who.userId);
  if (who.sessionId) query.set("sessionId", who.sessionId);
  const wanted = asked.getAll("topics").flatMap((list) => list.split(","));
  for (const topic of wanted) {
    if (!granted.includes(topic))
      return problem(403, "TOPIC_NOT_ALLOWED", "the caller may not subscribe to this topic", "topics");
  }
  for (const topic of wanted.length > 0 ? wanted : granted) query.append("topics", topic);
  // Of the rest only what says where the caller was. userId and sessionId are not taken
  // from it: with the app's key they would open anybody's stream.
  for (const name of ["device", "lastEventId", "last_event_id"]) {
    const value = asked.get(name);
    if (value) query.set(name, value);
  }
  return query;
}

function headersOf(request: Request, authorization: string): Headers {
  const headers = new Headers({
    Authorization: authorization,
    Accept: request.headers.get("Accept") ?? "text/event-stream",
    "Accept-Encoding": "identity", // a proxy in between that compresses would hold events back
  });
  const last = request.headers.get("Last-Event-ID");
  if (last) headers.set("Last-Event-ID", last);
  return headers;
}

function passOn(answer: Response, onError: (error: SSEUtilsError) => void, over: () => void): Response {
  const { status } = answer;
  const type = answer.headers.get("Content-Type") ?? "";
  const tell = (message: string, code: string): void => {
    onError(new SSEUtilsError(message, { code, status, attempts: 1 }));
  };
  if (status === 200 && type.startsWith("text/event-stream") && answer.body !== null) {
    return new Response(relay(answer.body, over), {
      headers: { "Content-Type": type, "Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no" },
    });
  }
  if (status === 204) {
    over();
    return new Response(null, { status, headers: { "Cache-Control": "no-store" } });
  }
  if (status >= 400) {
    if (status === 401 || status === 403)
      tell(
        `the server answered ${status}: is the API key right, and has it the scope admin?`,
        `HTTP_${status}`,
      );
    const headers = new Headers({ "Content-Type": type, "Cache-Control": "no-store" });
    const retryAfter = answer.headers.get("Retry-After");
    if (retryAfter !== null) headers.set("Retry-After", retryAfter);
    return new Response(answer.body === null ? null : relay(answer.body, over), { status, headers });
  }
  over();
  tell(`${status} ${type} instead of an event stream; is this the address of an sseactor?`, "INVALID_ANSWER");
  return problem(502, "BAD_GATEWAY", "what answers is no event server");
}

function problem(status: number, code: string, detail: string, field?: string): Response {
  const body = { status, code, detail, ...(field === undefined ? {} : { field }) };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/problem+json", "Cache-Control": "no-store" },
  });
}

function report(error: SSEUtilsError): void {
  console.error(`sseactor: a stream could not be passed on: ${error.message}`);
}
