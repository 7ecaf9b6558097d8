/**
 * Calls `wake` when the page may have been asleep or the network is back, `sleep` when the page
 * is about to be frozen or left, and `offline` when the network has gone. Gives what ends that.
 * Outside of a page there is nothing to hear.
 */
export function watchPage(wake: () => void, sleep: () => void, offline: () => void): () => void {
  const listening = new AbortController();
  const on = (names: string, listener: () => void) => {
    for (const name of names.split(" ")) {
      // Those of the document pass the window on their way, but not all come back up.
      globalThis.addEventListener?.(name, listener, { capture: true, signal: listening.signal });
    }
  };
  on("online pageshow resume", wake);
  on("visibilitychange", () => document.visibilityState === "visible" && wake());
  on("pagehide freeze", sleep);
  on("offline", offline);
  return () => listening.abort();
}

/** What the browser says; elsewhere nobody is known to be offline. */
export const isOffline = (): boolean => globalThis.navigator?.onLine === false;
