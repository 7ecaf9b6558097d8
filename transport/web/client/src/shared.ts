import { createSSEClient } from "./client.js";
import type { ClientOptions, Handlers, SSEClient } from "./types.js";

interface Entry {
  client: SSEClient;
  mounted: number;
  /** Of those: how many want the stream open. */
  enabled: number;
}

// Only effects write here: a server that renders shares nothing between requests.
const entries = new Map<string, Entry>();

export const clientOf = (key: string): SSEClient | undefined => entries.get(key)?.client;

/** Joins the client that all hooks with this key share. Gives what leaves it; the last one ends it. */
export function join(
  key: string,
  options: ClientOptions,
  enabled: boolean,
  handlers: Handlers,
  listener: () => void,
): () => void {
  let entry = entries.get(key);
  if (!entry) entries.set(key, (entry = { client: createSSEClient(options), mounted: 0, enabled: 0 }));
  const { client } = (entry.mounted++, entry);
  const off = client.on(handlers);
  const unsubscribe = client.subscribe(listener);
  if (enabled && !entry.enabled++) client.connect();
  return () => {
    off();
    unsubscribe();
    entry.mounted--;
    if (enabled) entry.enabled--;
    // Not at once: StrictMode, and one page after another, mount the same again in the same breath.
    setTimeout(() => {
      if (enabled && !entry.enabled) client.disconnect();
      if (entry.mounted || entries.get(key) !== entry) return;
      client.disconnect();
      entries.delete(key);
    });
  };
}
