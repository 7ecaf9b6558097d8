// Compiled by `npm run typecheck`, never run: what the types must allow and refuse.
import * as v from "valibot";
import { expectTypeOf } from "vitest";
import { createSSEClient, type EventOf, type SSEError, type SSEEvent } from "../src/index.js";
import { useSSE } from "../src/react.js";

interface Events {
  notification: { message: string };
  count: number;
}

export function typed() {
  const { lastEvent, sendEvent, status, error } = useSSE<Events>({
    topics: ["a"] as const,
    onEvent(event) {
      expectTypeOf(event.type).toEqualTypeOf<"notification" | "count">();
      if (event.type === "count") expectTypeOf(event.data).toEqualTypeOf<number>();
      else expectTypeOf(event.data.message).toEqualTypeOf<string>();
      // @ts-expect-error no such event
      if (event.type === "other") return;
    },
    onError: (fault) => {
      expectTypeOf(fault).toEqualTypeOf<SSEError>();
      expectTypeOf(fault).toExtend<Event>(); // as the document's hook had it
    },
  });
  expectTypeOf(lastEvent).toEqualTypeOf<EventOf<Events> | null>();
  expectTypeOf(status).toEqualTypeOf<"idle" | "connecting" | "open" | "waiting" | "offline" | "closed">();
  expectTypeOf(error).toEqualTypeOf<SSEError | null>();
  expectTypeOf(sendEvent("a", 1)).resolves.toHaveProperty("eventsSent").toEqualTypeOf<number>();
}

export function untyped() {
  const { lastEvent } = useSSE();
  expectTypeOf(lastEvent).toEqualTypeOf<SSEEvent<unknown, string> | null>();
  // Handlers of the document's shape fit.
  useSSE({ onEvent: (event: SSEEvent) => event.type, onError: (fault: Event) => fault.type });
}

export function options(given: { sessionId?: string; enabled: boolean | undefined }) {
  useSSE({ ...given, sessionId: given.sessionId, headers: undefined });
  // @ts-expect-error misspelt
  useSSE({ sesionId: "a" });
  // @ts-expect-error what is listened to can't change while a client lives
  createSSEClient().setOptions({ topics: [] });
}

export function schemas() {
  createSSEClient<Events>({ schemas: { notification: v.object({ message: v.string() }), count: v.number() } });
  // @ts-expect-error not what the event carries
  createSSEClient<Events>({ schemas: { count: v.string() } });
}
