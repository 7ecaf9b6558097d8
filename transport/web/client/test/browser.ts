import { AsyncLocalStorage } from "node:async_hooks";

/** What tabs of one browser share, in one process: locks, and channels that can be cut. */
export function createBrowser() {
  const current = new AsyncLocalStorage<FakeTab>(); // whose code runs when a tab asks for something

  interface Held {
    tab: FakeTab;
    reject(why: unknown): void;
  }
  interface Waiting {
    tab: FakeTab;
    grant(): void;
  }
  let held: Held | undefined;
  const queue: Waiting[] = [];
  const channels = new Set<FakeChannel>();

  const next = () => {
    held = undefined;
    queue.shift()?.grant();
  };

  const locksOf = (tab: FakeTab) => ({
    request(_name: string, options: LockOptions, callback: (lock: object | null) => unknown): Promise<unknown> {
      if (tab.dead) return new Promise(() => {});
      if (tab.frozen) return new Promise((resolve) => tab.later.push(() => resolve(this.request(_name, options, callback))));
      return new Promise((resolve, reject) => {
        const grant = () => {
          const mine: Held = { tab, reject };
          held = mine;
          // As a browser does: the callback runs in a later task.
          const call = async () => {
            if (tab.frozen) return void tab.later.push(call);
            try {
              resolve(await callback({}));
            } catch (error) {
              reject(error);
            }
            if (held === mine) next();
          };
          queueMicrotask(call);
        };
        if (options.steal) {
          const robbed = held;
          grant();
          robbed?.reject(new DOMException("stolen", "AbortError"));
        } else if (!held) grant();
        else if (options.ifAvailable) queueMicrotask(async () => resolve(await callback(null)));
        else {
          const waiting: Waiting = { tab, grant };
          queue.push(waiting);
          options.signal?.addEventListener("abort", () => {
            const at = queue.indexOf(waiting);
            if (at < 0) return;
            queue.splice(at, 1);
            reject(options.signal!.reason);
          });
        }
      });
    },
  });

  class FakeChannel {
    onmessage: ((event: { data: unknown }) => void) | null = null;
    readonly tab = current.getStore()!;
    private inbox: unknown[] = [];
    constructor() {
      channels.add(this);
    }
    postMessage(data: unknown) {
      if (this.tab.dead) return;
      if (this.tab.frozen) return void this.tab.later.push(() => this.postMessage(data));
      for (const other of channels) {
        if (other === this) continue;
        other.inbox.push(structuredClone(data));
        queueMicrotask(() => other.drain());
      }
    }
    drain() {
      if (this.tab.frozen || this.tab.dead || !channels.has(this)) return;
      for (const data of this.inbox.splice(0)) this.tab.run(() => this.onmessage?.({ data }));
    }
    close() {
      channels.delete(this);
    }
  }

  class FakeTab {
    frozen = false;
    dead = false;
    later: (() => void)[] = [];
    /** Runs code of this tab: what it asks the browser for is for this tab. */
    run<T>(code: () => T): T {
      return current.run(this, code);
    }
    /** Without a word: it neither says nor hears anything, and keeps its lock. */
    freeze() {
      this.frozen = true;
    }
    thaw() {
      this.frozen = false;
      for (const act of this.later.splice(0)) act();
      for (const channel of channels) channel.drain();
    }
    /** The process is gone, and the browser gives its lock away. */
    crash() {
      this.dead = true;
      for (const channel of [...channels]) if (channel.tab === this) channel.close();
      for (const waiting of [...queue]) if (waiting.tab === this) queue.splice(queue.indexOf(waiting), 1);
      if (held?.tab === this) next();
    }
    get leads() {
      return held?.tab === this;
    }
  }

  return {
    BroadcastChannel: FakeChannel,
    get locks() {
      return locksOf(current.getStore()!);
    },
    open: () => new FakeTab(),
  };
}
