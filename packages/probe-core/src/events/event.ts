import type { H2Event } from "./h2-events.js";
import type { Seq } from "./ids.js";
import type { KubeEvent } from "./kube-events.js";
import type { ProcessEvent } from "./process-events.js";
import type { RequestEvent } from "./request-events.js";
import type { TcpEvent } from "./tcp-events.js";
import type { Instant } from "./time.js";
import type { TlsEvent } from "./tls-events.js";

/** What was observed, before it has a place in the log. */
export type Fact = TcpEvent | TlsEvent | H2Event | RequestEvent | ProcessEvent | KubeEvent;

/** Where a fact stands in the log. Given together, in one place (`io/recorder.ts`). */
export interface Stamp extends Instant {
  readonly seq: Seq;
}

/** A fact with its place in the log: complete and readonly at birth. */
export type ProbeEvent = Fact & Stamp;

/** The `kind` of an event: one of {@link EVENT_KINDS}. */
export type EventKind = Fact["kind"];

/** The event of one kind: `EventOf<"tcp.fin.received">`. */
export type EventOf<K extends EventKind> = Extract<Fact, { kind: K }> & Stamp;

/** Every event kind. `docs/events.md` lists exactly these; a test compares them. */
export const EVENT_KINDS = [
  "dns.resolve.failed",
  "tcp.connect.started",
  "tcp.connect.complete",
  "tcp.connect.failed",
  "tcp.connect.expired",
  "tcp.fin.received",
  "tcp.rst.received",
  "tcp.write.failed",
  "tcp.read.failed",
  "tcp.close.started",
  "tcp.closed",
  "tls.handshake.started",
  "tls.hello.answered",
  "tls.handshake.complete",
  "tls.handshake.failed",
  "tls.close_notify.received",
  "tls.record.truncated",
  "tls.failed",
  "h2.settings.received",
  "h2.goaway.received",
  "h2.rst_stream.received",
  "h2.ping.acknowledged",
  "h2.ping.expired",
  "h2.headers.received",
  "h2.data.received",
  "h2.stream.ended",
  "h2.rst_stream.sent",
  "h2.goaway.sent",
  "h2.protocol.error",
  "request.queued",
  "request.sent",
  "request.unsent",
  "request.expired",
  "request.aborted",
  "session.ready",
  "session.paced",
  "clock.anchor",
  "process.stall",
  "schedule.missed",
  "run.mark",
  "backend.identified",
  "backend.named",
  "rollout.marker",
  "write.resolved",
  "run.phase",
] as const satisfies readonly EventKind[];

type Unlisted = Exclude<EventKind, (typeof EVENT_KINDS)[number]>;
/** Fails to compile when a kind of the union is missing from {@link EVENT_KINDS}. */
export const EVERY_KIND_IS_LISTED: [Unlisted] extends [never] ? true : Unlisted = true;
