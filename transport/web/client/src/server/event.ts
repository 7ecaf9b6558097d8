import { invalid } from "./error.js";
import type { OutgoingEvent } from "./types.js";

// Here is checked what would be lost or changed on its way, or reach others than were
// meant: undefined is left out by JSON, and an event without a target is for everybody.
// What else may be wrong (lengths, characters) the server says, which knows its settings.

type Check = (field: string, value: unknown) => void;

const text: Check = (field, value) => {
  if (typeof value !== "string") throw invalid(field, `${kindOf(value)}; it must be a string`);
  if (value === "") throw invalid(field, "empty");
};

export const target: Check = (field, value) => {
  if (typeof value !== "string")
    throw invalid(field, `${kindOf(value)}; it must be a string, or left out to send to others`);
  if (value === "") throw invalid(field, "empty; leave it out, or name somebody");
};

export const targets: Check = (field, value) => {
  if (!Array.isArray(value))
    throw invalid(field, `${kindOf(value)}; it must be an array of strings, or left out to send to others`);
  if (value.length === 0) throw invalid(field, "empty; leave it out to send to everybody");
  value.forEach((each, i) => {
    target(`${field}[${i}]`, each);
  });
};

export const whole: Check = (field, value) => {
  if (!Number.isSafeInteger(value) || (value as number) < 1)
    throw invalid(field, `${kindOf(value)}; it must be a whole number above 0`);
};

const flag: Check = (field, value) => {
  if (typeof value !== "boolean") throw invalid(field, `${kindOf(value)}; it must be true or false`);
};

/** A check for one of a few words. */
export function oneOf(field: string, value: unknown, words: readonly string[]): void {
  if (typeof value !== "string" || !words.includes(value))
    throw invalid(
      field,
      `${typeof value === "string" ? `"${value.slice(0, 24)}"` : kindOf(value)}; it must be one of ${words.join(", ")}`,
    );
}

/** A check for the name of an event. */
export const eventName = text;

/** A check for a text, which may be empty. */
export function anyText(field: string, value: unknown): void {
  if (typeof value !== "string") throw invalid(field, `${kindOf(value)}; it must be a string`);
}

const fields: Record<keyof OutgoingEvent, Check> = {
  event: text,
  data: () => {},
  userId: target,
  sessionId: target,
  clientIds: targets,
  topics: targets,
  id: text,
  retry: whole,
  priority: (field, value) => {
    oneOf(field, value, ["low", "normal", "high"]);
  },
  persistent: flag,
  ttl: whole,
};

/** The fields of an event that a caller chooses. */
export const optionFields = [
  "userId",
  "sessionId",
  "clientIds",
  "topics",
  "id",
  "priority",
  "persistent",
  "ttl",
] as const;

/** An event as JSON, checked. `at` goes before the names of its fields. */
export function encodeEvent(event: OutgoingEvent, at = ""): string {
  if (typeof event !== "object" || event === null)
    throw invalid(at === "" ? "event" : at.slice(0, -1), `${kindOf(event)}; it must be an object`);
  for (const [field, value] of Object.entries(event)) checkField(at, field, value);
  if (event.clientIds !== undefined && event.persistent === true) {
    throw invalid(`${at}persistent`, "not together with clientIds: whoever comes back is another stream");
  }
  const { data, ...head } = event;
  // The data is written apart, and once, so that its faults can be told from others.
  const before = JSON.stringify(head).slice(0, -1);
  return `${before}${before === "{" ? "" : ","}"data":${encodeData(data, at)}}`;
}

function checkField(at: string, field: string, value: unknown): void {
  const check = Object.hasOwn(fields, field) ? fields[field as keyof OutgoingEvent] : undefined;
  // A misspelled target would be a broadcast.
  if (check === undefined)
    throw invalid(at + field, `not a field of an event; there are ${Object.keys(fields).join(", ")}`);
  // As an option that was passed on; but an undefined target is a mistake, see above.
  if (value === undefined && check !== target && check !== targets) return;
  check(at + field, value);
}

function encodeData(data: unknown, at: string): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(data);
  } catch (cause) {
    throw invalid(
      `${at}data`,
      `it can't be written as JSON: ${cause instanceof Error ? cause.name : "toJSON threw"}`,
    );
  }
  if (json === undefined)
    throw invalid(`${at}data`, `${kindOf(data)}, which JSON has no word for; send null for nothing`);
  return json;
}

/** What kind of value came instead, never its content. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return "an array";
  if (typeof value === "number") return `the number ${value}`;
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
