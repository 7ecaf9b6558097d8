import { SSEError } from "./error.js";
import type { ClientOptions } from "./types.js";

export type RequestOptions = Pick<ClientOptions, "url" | "headers" | "getToken" | "withCredentials" | "fetch">;

/** Makes a request with the caller's headers and token. Rejects with an SSEError only. */
export async function request(
  options: RequestOptions,
  url: string,
  init: RequestInit & { headers: Record<string, string> },
  refresh: boolean,
): Promise<Response> {
  let code = "NO_TOKEN";
  try {
    const { headers: given, getToken } = options;
    const more = typeof given === "function" ? await given() : given;
    const token = await getToken?.({ refresh });
    let headers;
    try {
      headers = new Headers(more);
      if (token) headers.set("Authorization", "Bearer " + token);
      for (const name in init.headers) headers.set(name, init.headers[name]!);
    } catch {
      throw "invalid header"; // what is thrown here may say the token
    }
    code = "NETWORK";
    init.signal?.throwIfAborted(); // whoever gave the token may have taken long
    return await (options.fetch ?? fetch)(url, {
      ...init,
      headers,
      cache: "no-store",
      credentials: options.withCredentials ? "include" : "same-origin",
    });
  } catch (cause) {
    throw new SSEError(code, String(cause), { cause });
  }
}

/** Says why the server refused, in its own words (RFC 9457) if it has any. */
export async function refusal(response: Response): Promise<SSEError> {
  const { status } = response;
  const { code = "HTTP_" + status, detail = "HTTP " + status } = Object(await response.json().catch(() => 0));
  return new SSEError(code, detail, { status });
}
