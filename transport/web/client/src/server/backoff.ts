/** The first wait before a request is repeated, about. */
const base = 500;
const longest = 5_000;

/**
 * How long to wait before the nth repetition (from 0), in milliseconds: twice as long each
 * time, half of it by chance, so that many callers that failed together come back apart;
 * and never sooner than the server has said.
 */
export function backoff(n: number, retryAfter = 0, random: () => number = Math.random): number {
  const most = Math.min(longest, base * 2 ** n);
  const wait = most / 2 + random() * (most / 2);
  // Those who were told the same second come back apart as well.
  return retryAfter > 0 ? retryAfter + (random() * Math.min(most, retryAfter)) / 2 : wait;
}

/** A Retry-After header in milliseconds from now: seconds, or a date (RFC 9110 10.2.3). */
export function parseRetryAfter(header: string | null, now = Date.now()): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
