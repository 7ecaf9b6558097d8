import type { SSEUtilsError } from "./error.js";

/** What becomes of an event when a receiver is too slow: low ones are dropped first, high ones never. */
export type Priority = "low" | "normal" | "high";

/**
 * Who gets an event: the union of user, session and topics, or only these streams if
 * there are clientIds. With none of them everybody gets it; a field that is there and
 * empty (or undefined) is an error.
 */
export interface Target {
  userId?: string;
  sessionId?: string;
  clientIds?: readonly string[];
  topics?: readonly string[];
}

export interface NotificationOptions extends Target {
  priority?: Priority;
  /** Keep it for receivers that are away. Not with clientIds. */
  persistent?: boolean;
  /** For how many seconds somebody who was away still gets it. */
  ttl?: number;
  /** An id of your own. It should name one event: receivers drop what they have had. */
  id?: string;
  /**
   * The Idempotency-Key of this call; else each call has its own. Give one if the whole
   * call may be repeated, as a job queue does, and `timestamp` with it: the same key with
   * another content is an error.
   */
  idempotencyKey?: string;
  /** The time in the event's data, for those that have one; else now. */
  timestamp?: Date;
}

/** The options of an alert; its priority is high unless they say otherwise. */
export type AlertOptions = NotificationOptions;

/** One event as POST /api/sse takes it. */
export interface OutgoingEvent extends Target {
  /** Its name; none: `message`. */
  event?: string;
  /** Any JSON value. */
  data: unknown;
  id?: string;
  /** How long receivers are to wait before they reconnect, in milliseconds. */
  retry?: number;
  priority?: Priority;
  persistent?: boolean;
  /** In seconds. */
  ttl?: number;
}

export type NotificationType = "info" | "success" | "warning" | "error";
export type UpdateAction = "created" | "updated" | "deleted";
export type SystemLevel = "info" | "warning" | "maintenance";

export interface NotificationData {
  message: string;
  type: NotificationType;
  priority: Priority;
  persistent: boolean;
  timestamp: string;
}

export interface AlertData {
  title: string;
  message: string;
  priority: Priority;
  timestamp: string;
}

export interface UpdateData<T = unknown> {
  resource: string;
  action: UpdateAction;
  data: T;
  timestamp: string;
}

export interface SystemData {
  message: string;
  level: SystemLevel;
  timestamp: string;
}

/** The events that the utilities send, for `useSSE<UtilityEvents>()`. */
export interface UtilityEvents {
  notification: NotificationData;
  alert: AlertData;
  update: UpdateData;
  system: SystemData;
}

/** What became of an event. */
export interface SendResult {
  success: boolean;
  /** For how many streams it was queued. 0 is a success: nobody was there. */
  eventsSent: number;
  id?: string;
  /** It is on disk. */
  persisted?: boolean;
  /** Why it was not sent; there if success is false. */
  error?: SSEUtilsError;
}

/** What became of one event of a batch. */
export interface EventResult {
  success: boolean;
  eventsSent: number;
  id?: string;
  persisted?: boolean;
  /** Why it was not sent. */
  code?: string;
}

/** What became of a batch. */
export interface SendBatchResult {
  success: boolean;
  /** The sum of all its events. */
  eventsSent: number;
  /**
   * What became of each event, as far as it is known: of a batch that was cut short
   * (PARTLY_SENT) the first were sent and the others were not.
   */
  results: EventResult[];
  error?: SSEUtilsError;
}

/** What GET /api/sse/metrics answers; the README of the server says more. */
export interface SSEMetrics {
  activeConnections: number;
  totalConnections: number;
  eventsDispatched: number;
  errors: number;
  [more: string]: unknown;
}

/** What a ticket is to be good for. */
export interface TicketRequest {
  userId?: string;
  sessionId?: string;
  topics?: readonly string[];
}

/** It opens one stream, once and soon. */
export interface Ticket {
  ticket: string;
  expiresAt: string;
  /** The path and query to open, on the server. */
  url: string;
}

/** Whose streams are to end. */
export interface Disconnect {
  userId?: string;
  sessionId?: string;
  topic?: string;
  /** Keep the user or session out for so long: seconds, or such as '15m' or '24h'. */
  block?: number | string;
}
