/** What went wrong with a stream, or with an event that was to be sent. */
export class SSEError extends Event {
  /** Stable, for programs: the server's own code, or one of {@link ClientErrorCode}. */
  declare readonly code: string;
  /** For people. */
  declare readonly message: string;
  /** HTTP status of the answer, if there was one. */
  declare readonly status?: number | undefined;
  /** In how many milliseconds the next attempt is made. None: none is, by itself. */
  declare readonly retryIn?: number | undefined;
  /** What is behind it, where there is more to know. */
  declare readonly cause?: unknown;

  constructor(code: string, message: string, details?: SSEErrorDetails) {
    super("error");
    Object.assign(this, { code, message, ...details });
  }
}

export interface SSEErrorDetails {
  status?: number | undefined;
  retryIn?: number | undefined;
  cause?: unknown;
}

/**
 * The codes that the client itself gives; others are the server's.
 *
 * - `NETWORK`: no answer, or the stream broke off.
 * - `STREAM_ENDED`: the server or a proxy ended the stream without a reason.
 * - `TIMEOUT`: nothing was heard for two and a half heartbeats.
 * - `NO_TOKEN`: `getToken` or `headers` failed.
 * - `NOT_A_STREAM`: the answer is not `text/event-stream`, such as a login page.
 * - `HTTP_<status>`: a refusal that gives no code of its own.
 * - `INVALID_EVENT`: an event's data is not what its schema says.
 */
export type ClientErrorCode =
  | "NETWORK"
  | "STREAM_ENDED"
  | "TIMEOUT"
  | "NO_TOKEN"
  | "NOT_A_STREAM"
  | `HTTP_${number}`
  | "INVALID_EVENT";
