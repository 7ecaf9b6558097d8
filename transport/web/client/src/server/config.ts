import { SSEUtilsError } from "./error.js";

/** Where the server is, and the key that it knows the app by. */
export interface Service {
  /** The server's address without /api/sse, such as http://127.0.0.1:8080. Default: SSE_URL of the environment. */
  url?: string | undefined;
  /** An API key of the server's. Default: SSE_KEY of the environment. */
  apiKey?: string | undefined;
}

/** A service as requests are made to it. */
export interface Endpoint {
  address: string; // without /api/sse and without a slash behind it
  authorization: string;
}

/**
 * Checks what is given of a service now, and answers with what gives it whole: what is not
 * given is read from the environment when it is first needed, since a build imports the
 * modules of an app without it.
 */
export function endpoint({ url, apiKey }: Service): () => Endpoint {
  const address = url === undefined ? undefined : addressOf(url);
  const authorization = apiKey === undefined ? undefined : bearer(apiKey);
  let whole: Endpoint | undefined;
  return () =>
    (whole ??= {
      address:
        address ??
        addressOf(
          needed(
            "SSE_URL",
            environment()?.url,
            "the address of the server, such as http://127.0.0.1:8080",
          ),
        ),
      authorization:
        authorization ??
        bearer(needed("SSE_KEY", environment()?.apiKey, "an API key of the server")),
    });
}

function wrong(message: string): SSEUtilsError {
  return new SSEUtilsError(message, { code: "NOT_CONFIGURED" });
}

function addressOf(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw wrong("url: not an address; it must be such as http://127.0.0.1:8080");
  }
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:")
    throw wrong("url: it must begin with http:// or https://");
  // fetch would refuse it, and say the password with it.
  if (parsed.username !== "" || parsed.password !== "")
    throw wrong("url: no name and password here; the key is apiKey");
  if (parsed.search !== "" || parsed.hash !== "")
    throw wrong("url: no query and no fragment; it is the address of the server");
  return (parsed.origin + parsed.pathname).replace(/\/+$/, "");
}

/** The header that shows the key. A fault of it must not be told with its text, as fetch would. */
function bearer(apiKey: string): string {
  if (typeof apiKey !== "string" || apiKey === "") throw wrong("apiKey: there is none");
  if (!/^[\x21-\x7e]+$/.test(apiKey))
    throw wrong("apiKey: printable ASCII without blanks; is there a line end behind it?");
  return `Bearer ${apiKey}`;
}

/** A duration in milliseconds, checked. */
export function duration(name: string, value: number | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  // What timers can wait; more would end at once.
  if (!Number.isFinite(value) || value <= 0 || value > 2 ** 31 - 1)
    throw wrong(`${name}: ${String(value)}; it must be milliseconds above 0`);
  return Math.ceil(value);
}

// Bundlers put values in place of these very words, and some runtimes have no process.
declare const process: { env: Record<string, string | undefined> } | undefined;

function environment(): Service | undefined {
  return typeof process === "undefined"
    ? undefined
    : { url: process.env.SSE_URL, apiKey: process.env.SSE_KEY };
}

function needed(name: string, value: string | undefined, what: string): string {
  if (!value) throw wrong(`${name} is not set; it is ${what}`);
  return value;
}
