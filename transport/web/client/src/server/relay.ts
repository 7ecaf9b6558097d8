/**
 * The same bytes as they come, and no more of them than are asked for. A body that breaks
 * off ends: for an event stream that says as much, since readers drop half an event and
 * come back, and Next.js would write an error to its log for each.
 */
export function relay(body: ReadableStream<Uint8Array>, over: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let cancelled = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await reader.read().catch(() => ({ done: true as const, value: undefined }));
        if (cancelled) return;
        if (!chunk.done) {
          controller.enqueue(chunk.value);
          return;
        }
        controller.close();
        over();
      },
      cancel() {
        cancelled = true;
        over();
      },
    },
    { highWaterMark: 0 },
  );
}
