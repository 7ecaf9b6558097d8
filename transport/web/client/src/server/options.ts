import { invalid } from "./error.js";
import { kindOf, optionFields, target, targets, whole } from "./event.js";
import type { NotificationOptions } from "./types.js";

/** Checks the options of a send. */
export function checkOptions(options: NotificationOptions): NotificationOptions {
  if (typeof options !== "object" || options === null)
    throw invalid("options", `${kindOf(options)}; it must be an object`);
  const allowed: readonly string[] = [...optionFields, "idempotencyKey", "timestamp"];
  for (const field of Object.keys(options)) {
    // A misspelled target would be a broadcast.
    if (!allowed.includes(field)) throw invalid(field, `not an option; there are ${allowed.join(", ")}`);
  }
  const { timestamp, idempotencyKey } = options;
  if (timestamp !== undefined && !(timestamp instanceof Date && !Number.isNaN(timestamp.getTime()))) {
    throw invalid("timestamp", `${kindOf(timestamp)}; it must be a valid Date`);
  }
  checkKey(idempotencyKey);
  return options;
}

export function checkKey(key: string | undefined): string | undefined {
  // fetch would refuse others, and say the text of it.
  if (
    key !== undefined &&
    !(typeof key === "string" && /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/.test(key))
  ) {
    throw invalid(
      "idempotencyKey",
      "it must be 1 to 255 characters of printable ASCII, no blank at its ends",
    );
  }
  return key;
}

/** Checks that an object has these fields alone, and that they are texts or lists of texts (block: a number too). */
export function only(from: object, allowed: readonly string[]): void {
  if (typeof from !== "object" || from === null)
    throw invalid("argument", `${kindOf(from)}; it must be an object`);
  for (const [field, value] of Object.entries(from) as Array<[string, unknown]>) {
    if (!allowed.includes(field)) throw invalid(field, `not known here; there are ${allowed.join(", ")}`);
    if (field === "topics") targets(field, value);
    else if (field === "block" && typeof value === "number") whole(field, value);
    else target(field, value);
  }
}
