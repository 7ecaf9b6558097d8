import { backoff, parseRetryAfter, sleep } from "./backoff.js";
import type { Endpoint } from "./config.js";
import { SSEUtilsError, unanswered, type SSEUtilsErrorInit } from "./error.js";
import type { EventResult } from "./types.js";

/** How requests are made, checked. */
export interface Caller extends Endpoint {
  timeout: number; // of one request
  retries: number;
  deadline: number; // of them all, and the waits between
  fetch: typeof fetch;
}

export interface Request {
  method: "GET" | "POST" | "DELETE";
  path: string; // with its query
  body?: string;
  idempotencyKey?: string;
}

/** What one request came to: the answer, or why not and whether another may do better. */
type Outcome = { answer: unknown } | { error: SSEUtilsError; again: boolean };

/**
 * Makes a request and, where that may help, makes it again. Each repetition has the same
 * body and Idempotency-Key, so that the server does the work once.
 */
export async function call(caller: Caller, request: Request): Promise<unknown> {
  const end = Date.now() + caller.deadline;
  for (let attempt = 0; ; attempt++) {
    const outcome = await once(
      caller,
      request,
      attempt + 1,
      Math.max(1, Math.min(caller.timeout, end - Date.now())),
    );
    if ("answer" in outcome) return outcome.answer;
    if (!outcome.again || attempt === caller.retries) throw outcome.error;
    const wait = backoff(attempt, outcome.error.retryAfter);
    if (Date.now() + wait >= end) throw outcome.error;
    await sleep(wait);
  }
}

async function once(caller: Caller, request: Request, attempts: number, timeout: number): Promise<Outcome> {
  const what = `${request.method} ${caller.address}${request.path.split("?")[0] ?? ""}`;
  const headers: Record<string, string> = { Authorization: caller.authorization, Accept: "application/json" };
  if (request.body !== undefined) headers["Content-Type"] = "application/json";
  if (request.idempotencyKey !== undefined) headers["Idempotency-Key"] = request.idempotencyKey;
  const init: RequestInit = {
    method: request.method,
    headers,
    cache: "no-store", // Next.js would keep answers
    redirect: "manual", // a POST that is redirected may arrive as a GET
    signal: AbortSignal.timeout(timeout),
  };
  if (request.body !== undefined) init.body = request.body;
  let response: Response;
  let text: string;
  try {
    response = await caller.fetch(caller.address + request.path, init);
    text = await response.text();
  } catch (cause) {
    return { error: unanswered(what, cause, attempts, timeout), again: true };
  }
  const body = parse(text);
  if (response.ok) {
    // A page for people, say: what is at this address is no sseactor, and won't be soon.
    if (body === undefined)
      return {
        error: new SSEUtilsError(`${what}: the answer is no JSON; is this the address of an sseactor?`, {
          code: "INVALID_ANSWER",
          status: response.status,
          attempts,
        }),
        again: false,
      };
    return { answer: body };
  }
  return refused(what, response, body, attempts);
}

function refused(what: string, response: Response, body: unknown, attempts: number): Outcome {
  const problem = (typeof body === "object" && body !== null ? body : {}) as {
    code?: unknown;
    detail?: unknown;
    field?: unknown;
    results?: unknown;
  };
  const code = typeof problem.code === "string" ? problem.code : `HTTP_${response.status}`;
  const init: SSEUtilsErrorInit = { code, status: response.status, attempts };
  const retryAfter = parseRetryAfter(response.headers.get("Retry-After"));
  if (retryAfter !== undefined) init.retryAfter = retryAfter;
  if (typeof problem.field === "string") init.field = problem.field;
  if (Array.isArray(problem.results)) init.results = problem.results.map(readResult);
  const detail = typeof problem.detail === "string" ? `: ${problem.detail}` : "";
  return {
    error: new SSEUtilsError(`${what}: ${response.status} ${code}${detail}`, init),
    again: mayHeal(response.status, code),
  };
}

/** Whether the same request may be answered otherwise soon. */
function mayHeal(status: number, code: string): boolean {
  // Some of the batch was sent. The server would say the same again, and what to do with
  // the rest is the caller's to decide.
  if (code === "PARTLY_SENT") return false;
  if (status === 409) return code === "IDEMPOTENCY_KEY_IN_USE";
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** An answer that has what is needed of it. Others are of something that is no sseactor. */
export function shape<T>(answer: unknown, field: keyof T & string, type: "number" | "string"): T {
  if (
    typeof answer === "object" &&
    answer !== null &&
    typeof (answer as Record<string, unknown>)[field] === type
  )
    return answer as T;
  throw new SSEUtilsError(`the answer has no ${field}; is this the address of an sseactor?`, {
    code: "INVALID_ANSWER",
  });
}

/** One event's result, as the server says it. */
export function readResult(raw: unknown): EventResult {
  const from = (typeof raw === "object" && raw !== null ? raw : {}) as {
    success?: unknown;
    eventsSent?: unknown;
    event?: { id?: unknown } | null;
    persisted?: unknown;
    code?: unknown;
  };
  const result: EventResult = {
    success: from.success === true,
    eventsSent: typeof from.eventsSent === "number" ? from.eventsSent : 0,
  };
  if (typeof from.event?.id === "string") result.id = from.event.id;
  if (from.persisted === true) result.persisted = true;
  if (typeof from.code === "string") result.code = from.code;
  return result;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
