/**
 * What an app's server does with sseactor: sending events, signing sessionIds, and
 * passing streams on. It uses fetch, WebCrypto and AbortSignal, and no module of Node's,
 * so that it runs in edge runtimes as well.
 */
export { createSSEProxy } from "./server/proxy.js";
export type { Authorized, SSEProxyOptions } from "./server/proxy.js";
export { signSessionId } from "./server/session-id.js";
export type { SignOptions } from "./server/session-id.js";
export { SSEUtilsError } from "./server/error.js";
export { createSSEUtils, sseUtils } from "./server/utils.js";
export type { SSEUtils, SSEUtilsOptions } from "./server/utils.js";
export type {
  AlertData,
  AlertOptions,
  Disconnect,
  EventResult,
  NotificationData,
  NotificationOptions,
  NotificationType,
  OutgoingEvent,
  Priority,
  SendBatchResult,
  SendResult,
  SSEMetrics,
  SystemData,
  SystemLevel,
  Target,
  Ticket,
  TicketRequest,
  UpdateAction,
  UpdateData,
  UtilityEvents,
} from "./server/types.js";
