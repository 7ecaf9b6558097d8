"use client";

import { useCallback, useInsertionEffect, useState, useSyncExternalStore } from "react";
import { idle, sendEvent } from "./client.js";
import { clientOf, join } from "./shared.js";
import { address } from "./stream.js";
import type { ClientOptions, Handlers, Snapshot, SSEClient } from "./types.js";

export type { SSEError } from "./error.js";
export type { EventOf, Gap, SendOptions, SendResult, SSEEvent, Status } from "./types.js";

export interface UseSSEOptions<M = Record<string, unknown>> extends ClientOptions<M> {
  /** Connect when the component is mounted; default true. With false `connect()` does it. */
  enabled?: boolean | undefined;
}

export interface UseSSEResult<M = Record<string, unknown>>
  extends Readonly<Snapshot<M>>,
    Pick<SSEClient<M>, "connect" | "disconnect" | "sendEvent"> {}

/**
 * Listens to a stream. Hooks that ask for the same share one, which ends with the last of them.
 * A component renders again when a field of the result changes that it has read, and only then;
 * `onEvent` is called for every event, whatever React renders.
 */
export function useSSE<M = Record<string, unknown>>(given: UseSSEOptions<M> = {}): UseSSEResult<M> {
  const { enabled = true, onEvent, onError, onOpen, onClose, onGap, ...rest } = given as UseSSEOptions;
  const options: ClientOptions = rest;
  const key = address(options) + !!options.shareAcrossTabs;
  const [self] = useState(createView);

  // Before any effect and after every render: callbacks are never those of an earlier one.
  useInsertionEffect(() => {
    self.key = key;
    self.options = options;
    Object.assign(self.handlers, { onEvent, onError, onOpen, onClose, onGap });
    clientOf(key)?.setOptions(options);
  });

  const subscribe = useCallback(
    (listener: () => void) => join(key, self.options, enabled, self.handlers, listener),
    [key, enabled, self],
  );
  const look = () => self.look(clientOf(key)?.getSnapshot() ?? idle);
  return useSyncExternalStore(subscribe, look, self.last) as unknown as UseSSEResult<M>;
}

/** What one hook shows: a result that notes which of its fields are read. */
function createView() {
  const read = new Set<keyof Snapshot>();
  let seen: Snapshot = idle;
  const view = {
    key: "",
    options: {} as ClientOptions,
    handlers: {} as Handlers,
    /** The same result as before unless a field has changed that was read. */
    look(now: Snapshot) {
      const before = seen;
      seen = now;
      for (const field of read) {
        if (!Object.is(before[field], now[field])) return (result = create());
      }
      return result;
    },
    last: () => result,
  };
  const actions: Pick<SSEClient, "connect" | "disconnect" | "sendEvent"> = {
    connect: () => clientOf(view.key)?.connect(),
    disconnect: () => clientOf(view.key)?.disconnect(),
    sendEvent: (...args) => sendEvent(view.options, ...args),
  };
  const create = (): UseSSEResult => {
    const result = { ...actions };
    for (const field of Object.keys(idle) as (keyof Snapshot)[]) {
      Object.defineProperty(result, field, {
        enumerable: true,
        get() {
          read.add(field);
          return seen[field];
        },
      });
    }
    return result as UseSSEResult;
  };
  let result = create();
  return view;
}
