export { createSSEClient } from "./client.js";
export { type ClientErrorCode, SSEError } from "./error.js";
export type { SchemaIssue, SchemaResult, StandardSchemaV1 } from "./standard-schema.js";
export type {
  ClientOptions,
  EventOf,
  Gap,
  Handlers,
  MutableOptions,
  SendOptions,
  SendResult,
  Snapshot,
  SSEClient,
  SSEEvent,
  Status,
} from "./types.js";
