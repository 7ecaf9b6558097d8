import type { EventResult } from "./types.js";

export interface SSEUtilsErrorInit {
  code: string;
  status?: number;
  field?: string;
  attempts?: number;
  retryAfter?: number;
  results?: EventResult[];
  cause?: unknown;
}

/** Why a call failed. It holds no key and nothing of an event's data. */
export class SSEUtilsError extends Error {
  override readonly name = "SSEUtilsError";
  /**
   * The server's code (OVERLOADED, PARTLY_SENT …), or one of these: INVALID_ARGUMENT,
   * NOT_CONFIGURED, NETWORK, TIMEOUT, INVALID_ANSWER (what answers is no sseactor),
   * HTTP_<status> (one without a code).
   */
  readonly code: string;
  /** The answer's status, if there was one. */
  readonly status?: number;
  /** The argument, or the part of the request, that is wrong. */
  readonly field?: string;
  /** How many requests were made. */
  readonly attempts: number;
  /** When the server would like to be asked again, in milliseconds from now. */
  readonly retryAfter?: number;
  /** What became of each event of a batch that was cut short. */
  readonly results?: EventResult[];

  constructor(message: string, init: SSEUtilsErrorInit) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.attempts = init.attempts ?? 0;
    if (init.status !== undefined) this.status = init.status;
    if (init.field !== undefined) this.field = init.field;
    if (init.retryAfter !== undefined) this.retryAfter = init.retryAfter;
    if (init.results !== undefined) this.results = init.results;
  }
}

/** An argument is wrong: the field, what is wrong with it, and what would be right. */
export function invalid(field: string, fault: string): SSEUtilsError {
  return new SSEUtilsError(`${field}: ${fault}`, { code: "INVALID_ARGUMENT", field });
}

/** The error of a request without an answer. Its cause may name the address, never the key. */
export function unanswered(what: string, cause: unknown, attempts: number, timeout: number): SSEUtilsError {
  const name = cause instanceof Object && "name" in cause ? cause.name : "";
  if (name === "TimeoutError" || name === "AbortError") {
    return new SSEUtilsError(`${what}: no answer within ${timeout} ms`, { code: "TIMEOUT", attempts, cause });
  }
  return new SSEUtilsError(`${what}: ${reason(cause)}`, { code: "NETWORK", attempts, cause });
}

/** What fetch says of its failures is in the cause of its error, if anywhere. */
function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return "the request failed";
  const deeper = cause.cause;
  if (deeper instanceof Error) {
    const code = "code" in deeper && typeof deeper.code === "string" ? deeper.code : "";
    return `${cause.message}: ${deeper.message || code || deeper.name}`;
  }
  return cause.message;
}
