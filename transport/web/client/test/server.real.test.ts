// @vitest-environment node
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSSEProxy, createSSEUtils, signSessionId, type SSEUtils } from "../src/server.js";
import { end, events, haveServer, next, realServer, run, type RealServer } from "./server-rig.js";

const sessionSecret = "new-0123456789abcdef0123456789abcdef";

// The real server, so that what we believe of it is what it does.
describe.skipIf(!haveServer)("with the real server", () => {
  let server: RealServer;
  let utils: SSEUtils;
  beforeAll(async () => {
    server = await realServer({ SSEACTOR_SESSION_ID_SECRET: sessionSecret });
    utils = createSSEUtils({ ...server, throwOnError: true, onError: () => {} });
  }, 180_000); // a build from nothing
  afterAll(() => end(server.process));

  const open = (query: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${server.url}/api/sse?${query}`, {
      headers: { Accept: "text/event-stream", Authorization: `Bearer ${server.apiKey}`, ...headers },
    });

  it.each<[string, (to: { userId: string }) => Promise<{ success: boolean }>, object]>([
    [
      "notification",
      (to) => utils.sendNotification("Hello", "success", to),
      { message: "Hello", type: "success", priority: "normal", persistent: false },
    ],
    [
      "alert",
      (to) => utils.sendAlert("Fire", "Leave", to),
      { title: "Fire", message: "Leave", priority: "high" },
    ],
    [
      "update",
      (to) => utils.sendUpdate("orders", "updated", { id: 7 }, to),
      { resource: "orders", action: "updated", data: { id: 7 } },
    ],
    [
      "system",
      (to) => utils.sendSystemMessage("At noon", "maintenance", to),
      { message: "At noon", level: "maintenance" },
    ],
    ["chat", (to) => utils.sendCustomEvent("chat", { text: "é\r\n\u2028" }, to), { text: "é\r\n\u2028" }],
    ["news", () => utils.broadcast("news", { n: 1 }), { n: 1 }],
  ])("%s arrives", async (event, send, data) => {
    const read = events(await open(`userId=${event}`));
    expect(await next(read)).toMatchObject({ event: "connection" });
    const result = await send({ userId: event });
    expect(result).toMatchObject({ success: true });
    const value = await next(read);
    expect(value).toMatchObject({ event, id: (result as { id?: string }).id });
    expect(JSON.parse(value.data)).toMatchObject(data);
    await read.return(undefined);
  });

  it("the server refuses what it alone can know, in its own words", async () => {
    await expect(utils.sendCustomEvent("heartbeat", 1)).rejects.toMatchObject({
      code: "INVALID_EVENT",
      field: "event",
      status: 400,
      attempts: 1,
    });
    await expect(utils.sendCustomEvent("a", 1, { topics: ["a b"] })).rejects.toMatchObject({
      code: "INVALID_EVENT",
      field: "topics[0]",
    });
    await expect(
      createSSEUtils({ ...server, apiKey: "x".repeat(64), throwOnError: true, onError: () => {} }).broadcast(
        "a",
        1,
      ),
    ).rejects.toMatchObject({ code: "UNAUTHORIZED", status: 401 });
  });

  it("an answer that was lost is not an event that is sent twice", async () => {
    const read = events(await open("userId=once"));
    await next(read);
    let lost = 0;
    const losing = createSSEUtils({
      ...server,
      fetch: async (...args) => {
        const response = await fetch(...args);
        if (lost++ > 0) return response;
        await response.text();
        throw new TypeError("terminated");
      },
    });
    const { id } = await losing.sendNotification("once", "info", { userId: "once" });
    await utils.sendCustomEvent("behind", 1, { userId: "once" });
    expect(lost).toBe(2);
    expect(await next(read)).toMatchObject({ event: "notification", id });
    expect(await next(read)).toMatchObject({ event: "behind" });
    await read.return(undefined);
  });

  it("a batch is sent in its order", async () => {
    const read = events(await open("userId=batch"));
    await next(read);
    const { results, eventsSent } = await utils.send(
      [1, 2, 3].map((n) => ({ event: "step", data: n, userId: "batch" })),
    );
    expect(eventsSent).toBe(3);
    for (const [i, { id }] of results.entries())
      expect(await next(read)).toMatchObject({ event: "step", data: String(i + 1), id });
    await read.return(undefined);
  });

  it("metrics, tickets and the end of streams", async () => {
    const before = await utils.getActiveClientCount();
    const { url } = await utils.createTicket({ userId: "ticket", topics: ["t"] });
    const read = events(await fetch(server.url + url, { headers: { Accept: "text/event-stream" } }));
    expect(JSON.parse((await next(read)).data)).toMatchObject({ userId: "ticket" });
    expect(await utils.getActiveClientCount()).toBe(before + 1);
    expect((await utils.getMetrics()).totalConnections).toBeGreaterThan(0);
    expect(await utils.disconnect({ userId: "ticket" })).toBe(1);
    expect(await next(read)).toMatchObject({
      event: "error",
      data: expect.stringContaining("DISCONNECTED_BY_ADMIN") as unknown,
    });
    expect(await utils.disconnect({ userId: "ticket" })).toBe(0);
  });

  it("a sessionId that is signed lets in, and one that is not does not", async () => {
    const signed = await signSessionId("kiosk-7", { secret: sessionSecret, ttl: 60 });
    const visitor = (sessionId: string): Promise<Response> =>
      fetch(`${server.url}/api/sse?sessionId=${encodeURIComponent(sessionId)}`, {
        headers: { Accept: "text/event-stream" },
      });
    const read = events(await visitor(signed));
    await next(read);
    expect(await utils.sendNotification("hi", "info", { sessionId: "kiosk-7" })).toMatchObject({
      eventsSent: 1,
    });
    expect(await next(read)).toMatchObject({ event: "notification" });
    await read.return(undefined);
    expect((await visitor("kiosk-7")).status).toBe(401);
    expect((await visitor(signed.replace("kiosk-7", "kiosk-8"))).status).toBe(401);
  });

  it("a signed sessionId is what `sseactor session-id` prints", async () => {
    // Both have the time of now in seconds; it may turn in between.
    let program = "";
    let ours: string[] = [];
    for (let tries = 0; tries < 5 && !ours.includes(program); tries++) {
      const before = await signSessionId("kiosk-7", { secret: sessionSecret, ttl: 3600 });
      program = (
        await run(server.bin, ["session-id", "--ttl", "1h", "kiosk-7"], {
          env: { SSEACTOR_SESSION_ID_SECRET: sessionSecret },
        })
      ).out.trim();
      ours = [before, await signSessionId("kiosk-7", { secret: sessionSecret, ttl: 3600 })];
    }
    expect(ours).toContain(program);
  });

  describe("through the proxy", () => {
    const get = (
      query: string,
      headers: Record<string, string> = {},
      signal: AbortSignal | null = null,
      apiKey = server.apiKey,
    ): Promise<Response> =>
      createSSEProxy({
        url: server.url,
        apiKey,
        authorize: () => ({ userId: "proxied", topics: ["a", "b"] }),
        onError: () => {},
      })(
        new Request(`http://app.test/api/sse${query}`, {
          headers: { Accept: "text/event-stream", ...headers },
          signal,
        }),
      );

    it("a browser gets its user's events and its topics', and what it has missed", async () => {
      const read = events(await get("?topics=b"));
      expect(JSON.parse((await next(read)).data)).toMatchObject({ status: "connected", userId: "proxied" });
      expect((await utils.sendCustomEvent("x", 1, { topics: ["a"] })).eventsSent).toBe(0);
      const first = await utils.sendCustomEvent("x", 2, { topics: ["b"] });
      expect(await next(read)).toMatchObject({ data: "2", id: first.id });
      expect(await utils.disconnect({ userId: "proxied" })).toBe(1);
      expect(await next(read)).toMatchObject({ event: "error" });
      expect((await read.next()).done).toBe(true);
      const missed = await utils.sendCustomEvent("x", 3, { userId: "proxied" });
      const again = events(await get("?topics=b", { "Last-Event-ID": first.id ?? "" }));
      expect(JSON.parse((await next(again)).data)).toMatchObject({
        resume: { status: "resumed", from: first.id, replayed: 1 },
      });
      expect(await next(again)).toMatchObject({ data: "3", id: missed.id });
      await again.return(undefined);
    });

    it("a browser that leaves is gone from the server", async () => {
      const leave = new AbortController();
      const read = events(await get("?device=leaves", {}, leave.signal));
      const { clientId } = JSON.parse((await next(read)).data) as { clientId: string };
      const show = (): Promise<Response> =>
        fetch(`${server.url}/api/sse/admin/clients/${clientId}`, {
          headers: { Authorization: `Bearer ${server.apiKey}` },
        });
      expect((await show()).status).toBe(200);
      leave.abort();
      await expect.poll(async () => (await show()).status, { timeout: 5000 }).toBe(404);
    });

    it("a user who is kept out gets 204", async () => {
      await utils.disconnect({ userId: "proxied", block: 1 });
      expect((await get("")).status).toBe(204);
      await expect
        .poll(
          async () => {
            const response = await get("");
            await response.body?.cancel();
            return response.status;
          },
          { timeout: 5000, interval: 200 },
        )
        .toBe(200);
    });

    it("a key that is not the server's is 401", async () => {
      expect((await get("", {}, null, "x".repeat(64))).status).toBe(401);
    });
  });
});
