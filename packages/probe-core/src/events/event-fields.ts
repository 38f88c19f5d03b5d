import type { EventKind, Fact } from "./event.js";

/** What a field of an event may hold. */
export type FieldType =
  | "number"
  | "string"
  | "boolean"
  | "number|null"
  | "string|null"
  | "string[]"
  /** An object whose values are all numbers. */
  | "numbers"
  /** May be missing. */
  | "number[]?";

type TypeOf<T> = [T] extends [boolean]
  ? "boolean"
  : [T] extends [number]
    ? "number"
    : [T] extends [string]
      ? "string"
      : [T] extends [number | null]
        ? "number|null"
        : [T] extends [string | null]
          ? "string|null"
          : [T] extends [readonly string[]]
            ? "string[]"
            : [T] extends [readonly number[] | undefined]
              ? "number[]?"
              : [T] extends [Readonly<Record<string, number>>]
                ? "numbers"
                : never;

type FieldsOf<E> = { readonly [F in Exclude<keyof E, "kind">]-?: TypeOf<E[F]> };

const ERROR = { code: "string", syscall: "string|null", errno: "number|null" } as const;
const STREAM = { conn: "number", stream: "number" } as const;
const STREAM_REQUEST = { ...STREAM, request: "number|null" } as const;
const LANE = { path: "string", lane: "string" } as const;
const REQUEST = {
  request: "number",
  ...LANE,
  method: "string",
  url: "string",
  intended: "number",
  expected: "number[]?",
} as const;

/** The own fields of every event kind, beside `kind`, `seq`, `t` and `u`. The compiler holds it to the types. */
export const EVENT_FIELDS: { readonly [K in EventKind]: FieldsOf<Extract<Fact, { kind: K }>> } = {
  "dns.resolve.failed": { conn: "number", ...LANE, host: "string", ...ERROR },
  "tcp.connect.started": { conn: "number", ...LANE, remote: "string", intended: "number|null" },
  "tcp.connect.complete": { conn: "number", local: "string", remote: "string" },
  "tcp.connect.failed": { conn: "number", ...ERROR },
  "tcp.connect.expired": { conn: "number", during: "string", timeoutNs: "number" },
  "tcp.fin.received": { conn: "number", bytesRead: "number" },
  "tcp.rst.received": { conn: "number", code: "string", seenBy: "string", afterFin: "boolean", bytesRead: "number" },
  "tcp.write.failed": { conn: "number", ...ERROR },
  "tcp.read.failed": { conn: "number", ...ERROR },
  "tcp.close.started": { conn: "number", reason: "string", how: "string" },
  "tcp.closed": { conn: "number", bytesRead: "number", bytesWritten: "number" },
  "tls.handshake.started": { conn: "number", serverName: "string|null", alpnOffered: "string[]" },
  "tls.hello.answered": { conn: "number", answer: "string", alert: "number|null", durationNs: "number" },
  "tls.handshake.complete": {
    conn: "number",
    protocol: "string",
    cipher: "string",
    alpn: "string|null",
    fingerprint: "string",
    verified: "boolean",
    durationNs: "number",
  },
  "tls.handshake.failed": { conn: "number", code: "string", reason: "string", alert: "number|null" },
  "tls.close_notify.received": { conn: "number" },
  "tls.record.truncated": {
    conn: "number",
    contentType: "number|null",
    expectedBytes: "number|null",
    receivedBytes: "number",
  },
  "tls.failed": { conn: "number", code: "string", reason: "string", alert: "number|null" },
  "h2.settings.received": { conn: "number", settings: "numbers" },
  "h2.goaway.received": {
    conn: "number",
    index: "number",
    lastStreamId: "number",
    errorCode: "number",
    debug: "string",
    debugBytes: "number",
  },
  "h2.rst_stream.received": { ...STREAM_REQUEST, errorCode: "number" },
  "h2.ping.acknowledged": { conn: "number", rttNs: "number" },
  "h2.ping.expired": { conn: "number", waitedNs: "number" },
  "h2.headers.received": {
    ...STREAM_REQUEST,
    status: "number",
    endStream: "boolean",
    contentLength: "number|null",
    retryAfter: "string|null",
  },
  "h2.data.received": STREAM_REQUEST,
  "h2.stream.ended": { ...STREAM_REQUEST, bytes: "number" },
  "h2.rst_stream.sent": { ...STREAM_REQUEST, errorCode: "number" },
  "h2.goaway.sent": { conn: "number", errorCode: "number" },
  "h2.protocol.error": {
    conn: "number",
    stream: "number|null",
    request: "number|null",
    errorCode: "number",
    rule: "string",
    message: "string",
  },
  "request.queued": REQUEST,
  "request.sent": { ...REQUEST, ...STREAM },
  "request.unsent": { request: "number", conn: "number|null", reason: "string" },
  "request.expired": { request: "number", ...STREAM, timeoutNs: "number" },
  "request.aborted": { request: "number", ...STREAM, reason: "string" },
  "session.ready": { conn: "number", ...LANE, slot: "number", replaces: "number|null", gapNs: "number|null" },
  "session.paced": { ...LANE, slot: "number", delayNs: "number" },
  "clock.anchor": { wall: "string", errorNs: "number" },
  "process.stall": { durationNs: "number" },
  "schedule.missed": { ...LANE, count: "number", reason: "string" },
  "run.mark": { name: "string" },
  "backend.identified": { conn: "number", backend: "string", by: "string" },
  "backend.named": { backend: "string", alias: "string", by: "string" },
  "rollout.marker": {
    source: "string",
    backend: "string",
    marker: "string",
    saidAt: "string|null",
    resolutionNs: "number",
    detail: "string|null",
  },
  "write.resolved": { request: "number", conn: "number|null", applied: "string" },
  "run.phase": { phase: "string" },
};
