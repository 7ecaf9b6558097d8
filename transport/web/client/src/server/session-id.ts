import { invalid } from "./error.js";

export interface SignOptions {
  /** The server's `session-id-secret`, 32 bytes or more; of several, by comma, the first. */
  secret: string;
  /** For how many seconds it is good: a stream that it has opened ends then. */
  ttl: number;
}

// The form is transport/auth/sessionid.go's: session ~ expiry ~ signature.
const mark = "~";
const purpose = "sseactor sessionId\n";
const signatureBytes = 16;
/** What room the other parts leave of the 128 characters that a sessionId may have. */
const longestSession = 91;
const longestTTL = 10 * 366 * 24 * 60 * 60;

/**
 * Signs a sessionId for a server that lets in only those that the app has signed. It is
 * what `sseactor session-id` prints. Publishers go on naming the plain session.
 */
export async function signSessionId(sessionId: string, { secret, ttl }: SignOptions): Promise<string> {
  if (
    typeof sessionId !== "string" ||
    !/^[\x20-\x7e]+$/.test(sessionId) ||
    sessionId.length > longestSession
  ) {
    throw invalid("sessionId", `it must be 1 to ${longestSession} characters of printable ASCII`);
  }
  if (!Number.isFinite(ttl) || ttl < 1 || ttl > longestTTL)
    throw invalid("ttl", `${ttl}; it must be seconds from 1 to ${longestTTL}`);
  const expires = Math.floor(Date.now() / 1000 + ttl);
  const signed = `${sessionId}${mark}${expires.toString(36)}`;
  return `${signed}${mark}${await sign(newest(secret), signed)}`;
}

function newest(secret: string): Uint8Array<ArrayBuffer> {
  const first = typeof secret === "string" ? (secret.split(",")[0]?.trim() ?? "") : "";
  const bytes = new TextEncoder().encode(first);
  if (bytes.length < 32) throw invalid("secret", "shorter than 32 bytes");
  return bytes;
}

async function sign(secret: Uint8Array<ArrayBuffer>, text: string): Promise<string> {
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
  ]);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(purpose + text)));
  const base64 = btoa(String.fromCharCode(...mac.subarray(0, signatureBytes)));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
