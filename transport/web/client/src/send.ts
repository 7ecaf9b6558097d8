import type { refusal, request } from "./request.js";
import type { ClientOptions, SendOptions, SendResult } from "./types.js";

/** Sends an event. What the stream needs as well is given, not imported: this file is a chunk of its own. */
export async function send(
  call: typeof request,
  explain: typeof refusal,
  options: ClientOptions,
  event: string,
  data: unknown,
  { idempotencyKey, signal, ...rest }: SendOptions = {},
): Promise<SendResult> {
  for (const target of ["userId", "sessionId", "clientIds", "topics"] as const) {
    // JSON would leave it out, and the event would be for everybody.
    if (target in rest && rest[target] == null) throw new TypeError(`${target} is ${rest[target]}`);
  }
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  if (idempotencyKey) headers["Idempotency-Key"] = idempotencyKey;
  const init = { method: "POST", headers, body: JSON.stringify({ event, data, ...rest }), signal: signal ?? null };
  const { url = "/api/sse", getToken } = options;
  let response = await call(options, url, init, false);
  // Nothing was sent, so it can be tried again with another token.
  if (response.status === 401 && getToken) response = await call(options, url, init, true);
  if (!response.ok) throw await explain(response);
  return (await response.json()) as SendResult;
}
