// @vitest-environment node
import { afterEach, describe, expect, it, vi } from "vitest";
import { signSessionId } from "../src/server.js";

const secret = "new-0123456789abcdef0123456789abcdef";

describe("a signed sessionId", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  // Made by auth.NewSessionIDs(secret).Sign(session, time.Unix(…)).
  it.each([
    ["kiosk-7", 3600, "kiosk-7~tp0c40~5LKsM_sZjSBMsnr7CkGhUQ"],
    ["a~b c", 1, "a~b c~tp09c1~9qsopnTr9YCHr_zT8t_Cew"],
    ["x".repeat(91), 315_576_000, `${"x".repeat(91)}~yww5c0~WeaJfGir3Q8ZIKX6ogAQHQ`],
  ])("of %s is the one that Go makes", async (session, ttl, golden) => {
    vi.useFakeTimers({ now: Date.parse("2026-11-24T12:00:00.900Z"), toFake: ["Date"] });
    expect(await signSessionId(session, { secret, ttl })).toBe(golden);
    expect(golden.length).toBeLessThanOrEqual(128);
  });

  it("is signed with the newest of several secrets", async () => {
    vi.useFakeTimers({ now: Date.parse("2026-11-24T12:00:00.900Z"), toFake: ["Date"] });
    expect(
      await signSessionId("kiosk-7", {
        secret: `${secret}, old-0123456789abcdef0123456789abcdef`,
        ttl: 3600,
      }),
    ).toBe("kiosk-7~tp0c40~5LKsM_sZjSBMsnr7CkGhUQ");
  });

  it.each<[string, string, string, number, string]>([
    ["no session", "", secret, 60, "sessionId"],
    ["a session that is no ASCII", "größe", secret, 60, "sessionId"],
    ["a session that is too long", "x".repeat(92), secret, 60, "sessionId"],
    ["a secret that is short", "s", "hunter2", 60, "secret"],
    ["no secret", "s", undefined as never, 60, "secret"],
    ["no time", "s", secret, 0, "ttl"],
    ["a time that is none", "s", secret, NaN, "ttl"],
    ["a time without end", "s", secret, Infinity, "ttl"],
  ])("is refused: %s", async (_, session, secret, ttl, field) => {
    const error: unknown = await signSessionId(session, { secret, ttl }).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", field });
    expect(String(error)).not.toContain("hunter2");
  });
});
