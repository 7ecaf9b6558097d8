import { createParser as createReference } from "eventsource-parser";
import { describe, expect, test } from "vitest";
import { createParser, type RawEvent } from "../src/parser.js";

/** What the parser makes of a text that comes in these pieces. */
function read(pieces: string[]) {
  const events: RawEvent[] = [];
  const retries: number[] = [];
  let comments = 0;
  const parse = createParser((e) => events.push(e), () => comments++, (ms) => retries.push(ms));
  pieces.forEach(parse);
  return { events, retries, comments };
}

const events = (text: string) => read([text]).events;

describe("an event", () => {
  test("has a name, data and an id", () => {
    expect(events("event: a\ndata: b\nid: c\n\n")).toEqual([{ type: "a", data: "b", id: "c" }]);
  });
  test("is called message without a name", () => {
    expect(events("data: b\n\n")).toEqual([{ type: "message", data: "b" }]);
    expect(events("event\ndata: b\n\n")).toEqual([{ type: "message", data: "b" }]);
  });
  test("joins its lines of data, and loses one blank only", () => {
    expect(events("data:a\ndata:  b\ndata\ndata: \n\n")).toEqual([{ type: "message", data: "a\n b\n\n" }]);
  });
  test("may be empty", () => {
    expect(events("data\n\n")).toEqual([{ type: "message", data: "" }]);
  });
  test("is none without data", () => {
    expect(events("event: a\nid: 1\n\ndata: b\n\n")).toEqual([{ type: "message", data: "b" }]);
  });
  test("is none until its blank line", () => {
    expect(events("data: a\n")).toEqual([]);
  });
  test("takes no id with a NUL", () => {
    expect(events("id: a\0b\ndata: c\n\n")).toEqual([{ type: "message", data: "c" }]);
  });
  test("ends with any line ending, cut anywhere", () => {
    for (const end of ["\n", "\r", "\r\n"]) {
      const text = ["data: a", "data: b", "", "data: c", "", ""].join(end);
      const want = [{ type: "message", data: "a\nb" }, { type: "message", data: "c" }];
      expect(read([text]).events).toEqual(want);
      expect(read([...text]).events).toEqual(want);
      expect(read([...text].flatMap((c) => [c, ""]).filter((c) => c)).events).toEqual(want);
    }
  });
});

test("comments and unknown fields are no events", () => {
  expect(read([": hello\n:\nfoo: bar\n\n"])).toEqual({ events: [], retries: [], comments: 2 });
});

test("retry holds without an event; only digits count", () => {
  expect(read(["retry: 3000\n\nretry: 1e3\nretry: -1\nretry\n\n"]).retries).toEqual([3000]);
  expect(events("retry: 5\ndata: a\n\n")).toEqual([{ type: "message", data: "a", retry: 5 }]);
});

test("an event that never ends is refused", () => {
  const parse = createParser(() => {}, () => {}, () => {});
  const piece = "data: " + "x".repeat((1 << 20) - 7) + "\n";
  expect(() => {
    for (let i = 0; i < 65; i++) parse(piece);
  }).toThrow(RangeError);
});

test("what is long is read in time that grows with its length", () => {
  // A line in 4,096 pieces: reading it anew with each would take a minute.
  const { events } = read(["data: ", ...Array.from({ length: 1 << 12 }, () => "x".repeat(1 << 10)), "\n\n"]);
  expect(events[0]!.data).toHaveLength(1 << 22);
}, 10_000);

test("reads what eventsource-parser reads, however it is cut", () => {
  const words = ["data: a", "data", "event: b", "id: 7", "retry: 5", ":", " ", "\n", "\n", "\r", "\r\n", "\n\n", "é", "\0"];
  let seed = 20261130;
  const random = (n: number) => (seed = (seed * 48271) % 2147483647) % n;
  let compared = 0;
  for (let round = 0; round < 5000; round++) {
    const text = Array.from({ length: random(24) }, () => words[random(words.length)]).join("");
    const pieces: string[] = [];
    for (let at = 0; at < text.length; ) pieces.push(text.slice(at, (at += 1 + random(6))));
    const want: unknown[] = [];
    const reference = createReference({
      onEvent: ({ event = "message", data, id }) => want.push({ type: event, data, id }),
      onRetry: (ms) => want.push(ms),
    });
    const got: unknown[] = [];
    const parse = createParser(
      ({ type, data, id }) => got.push({ type, data, id }),
      () => {},
      (ms) => got.push(ms),
    );
    // A CR at the end waits for its LF there, and not here: let both see what follows.
    for (const piece of [...pieces, "\n"]) {
      reference.feed(piece);
      parse(piece);
    }
    if (JSON.stringify(got) !== JSON.stringify(want)) expect(got, JSON.stringify(pieces)).toEqual(want);
    compared += want.length;
  }
  expect(compared).toBeGreaterThan(2000);
});
