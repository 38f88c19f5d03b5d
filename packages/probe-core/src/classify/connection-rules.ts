import type { OpenConnection } from "../attribute/open-connection.js";
import type { EventKind, EventOf, LocalCloseReason, ProbeEvent } from "../events/index.js";
import { groupByTrigger } from "./group-by-trigger.js";
import { LOCAL_RESOURCE_CODES, NO_SUCH_NAME_CODES, UNREACHABLE_CODES } from "./system-codes.js";
import { tlsFailureType } from "./tls-failure.js";
import type { Close, VerdictType } from "./verdict-types.js";

/** One way for a connection to end. The first rule that fits the first terminal fact decides; later facts change nothing. */
export interface ConnectionRule {
  readonly name: string;
  readonly on: EventKind;
  /** What it means, in one sentence, for people. */
  readonly doc: string;
  readonly close: Close | null;
  readonly type: VerdictType | null;
  when(event: ProbeEvent, conn: OpenConnection): boolean;
}

interface RuleSpec<E> {
  readonly name: string;
  readonly doc: string;
  readonly close: Close | null;
  readonly type: VerdictType | null;
  when?(event: E, conn: OpenConnection): boolean;
}

/** A rule on one kind of event; its predicate sees that kind only. */
function on<K extends EventKind>(kind: K, spec: RuleSpec<EventOf<K>>): ConnectionRule {
  const when: RuleSpec<EventOf<K>>["when"] = spec.when ?? (() => true);
  const { name, doc, close, type } = spec;
  return { name, on: kind, doc, close, type, when: when as ConnectionRule["when"] };
}

/** The handshake's failures, one rule for each name `tlsFailureType` may give. */
function handshakeFailed(name: string, type: VerdictType, doc: string): ConnectionRule {
  return on("tls.handshake.failed", { name, type, doc, close: null, when: (event) => tlsFailureType(event) === type });
}

function closedByUs(
  reason: LocalCloseReason,
  close: Close | null,
  type: VerdictType | null,
  doc: string,
): ConnectionRule {
  return on("tcp.close.started", {
    name: `closed.${reason}`,
    close,
    type,
    doc,
    when: (event) => event.reason === reason,
  });
}

/** Is a TLS handshake under way: begun, and not complete. */
function handshaking(conn: OpenConnection): boolean {
  return conn.handshakeStarted && conn.secured === null;
}

/**
 * How connections end. Within one event kind the order counts. A `close` of `abrupt` or `reset` is the peer's doing, and a GOAWAY
 * before it makes it `graceful` or `broken-promise` ({@link GOAWAY_RULES}).
 */
export const CONNECTION_RULES: readonly ConnectionRule[] = [
  on("dns.resolve.failed", {
    name: "dns.no-such-name",
    close: null,
    type: "dns.name_not_resolved",
    doc: "The resolver knows no address for the name.",
    when: ({ code }) => NO_SUCH_NAME_CODES.has(code),
  }),
  on("dns.resolve.failed", {
    name: "dns.failed",
    close: null,
    type: "dns.failed",
    doc: "The resolver itself failed or did not answer.",
  }),

  on("tcp.connect.failed", {
    name: "connect.refused",
    close: null,
    type: "tcp.refused",
    doc: "The peer's host answered the SYN with RST: nothing listens there, or its backlog refuses.",
    when: ({ code }) => code === "ECONNREFUSED",
  }),
  on("tcp.connect.failed", {
    name: "connect.reset",
    close: null,
    type: "tcp.reset",
    doc: "The connection was reset before connect(2) was done.",
    when: ({ code }) => code === "ECONNRESET",
  }),
  on("tcp.connect.failed", {
    name: "connect.timed-out",
    close: null,
    type: "tcp.timed_out",
    doc: "The kernel gave up waiting for an answer to its SYNs.",
    when: ({ code }) => code === "ETIMEDOUT",
  }),
  on("tcp.connect.failed", {
    name: "connect.unreachable",
    close: null,
    type: "tcp.unreachable",
    doc: "There is no way to the address: no route, no link, or a router said so.",
    when: ({ code }) => UNREACHABLE_CODES.has(code),
  }),
  on("tcp.connect.failed", {
    name: "connect.local-resources",
    close: null,
    type: "local.resources",
    doc: "This host had no port, descriptor or memory left, or forbids the connection: it says nothing of the target.",
    when: ({ code }) => LOCAL_RESOURCE_CODES.has(code),
  }),
  on("tcp.connect.failed", {
    name: "connect.failed",
    close: null,
    type: "tcp.failed",
    doc: "connect(2) failed for a reason without a name of its own.",
  }),

  on("tcp.connect.expired", {
    name: "connect.expired",
    close: null,
    type: "tcp.timed_out",
    doc: "No answer to our SYN within the connect timeout.",
    when: ({ during }) => during === "tcp",
  }),
  on("tcp.connect.expired", {
    name: "handshake.expired",
    close: "silent",
    type: "tls.timed_out",
    doc: "TCP was established, and the TLS handshake did not complete within the connect timeout.",
    when: ({ during }) => during === "tls",
  }),
  on("tcp.connect.expired", {
    name: "settings.expired",
    close: "silent",
    type: "h2.settings.timed_out",
    doc: "The peer's SETTINGS did not come within the connect timeout.",
    when: ({ during }) => during === "h2",
  }),

  on("tcp.fin.received", {
    name: "fin.during-handshake",
    close: "abrupt",
    type: "tcp.closed",
    doc: "The peer ended the connection before the TLS handshake was complete.",
    when: (_, conn) => handshaking(conn),
  }),
  on("tcp.fin.received", {
    name: "fin",
    close: "abrupt",
    type: "tcp.closed",
    doc: "The peer ended the connection by FIN.",
  }),
  on("tcp.rst.received", {
    name: "rst.during-handshake",
    close: "reset",
    type: "tcp.reset",
    doc: "The peer reset the connection before the TLS handshake was complete.",
    when: (event, conn) => !event.afterFin && handshaking(conn),
  }),
  on("tcp.rst.received", {
    name: "rst",
    close: "reset",
    type: "tcp.reset",
    doc: "The peer reset the connection.",
    when: (event) => !event.afterFin,
  }),
  on("tcp.rst.received", {
    name: "rst.after-fin-not-logged",
    close: "abrupt",
    type: "tcp.closed",
    doc: "An RST that says a FIN came before it, in a log that lost the FIN.",
  }),

  handshakeFailed("handshake.alpn", "tls.alpn.refused", "The peer does not speak HTTP/2 over TLS (ALPN `h2`)."),
  handshakeFailed(
    "handshake.version-or-cipher",
    "tls.version_or_cipher_mismatch",
    "No common TLS version, cipher or group.",
  ),
  handshakeFailed(
    "handshake.client-cert",
    "tls.bad_client_auth_cert",
    "The peer did not accept our client certificate.",
  ),
  handshakeFailed(
    "handshake.cert-date",
    "tls.cert.date_invalid",
    "The peer's certificate has expired or is not yet valid.",
  ),
  handshakeFailed("handshake.cert-name", "tls.cert.name_invalid", "The peer's certificate is for another name."),
  handshakeFailed("handshake.cert-revoked", "tls.cert.revoked", "The peer's certificate was revoked."),
  handshakeFailed(
    "handshake.cert-authority",
    "tls.cert.authority_invalid",
    "The peer's certificate leads to no authority we trust.",
  ),
  handshakeFailed(
    "handshake.cert-invalid",
    "tls.cert.invalid",
    "The peer's certificate is unusable for another reason.",
  ),
  handshakeFailed("handshake.garbage", "tls.protocol.error", "The peer's bytes are not a TLS handshake."),
  handshakeFailed("handshake.failed", "tls.failed", "The TLS handshake failed for a reason without a name of its own."),

  on("tls.failed", {
    name: "tls.client-cert",
    close: "local",
    type: "tls.bad_client_auth_cert",
    doc: "TLS 1.3 servers judge our client certificate after our side of the handshake is done, and say so by an alert.",
    when: (event) => tlsFailureType(event) === "tls.bad_client_auth_cert",
  }),
  on("tls.failed", {
    name: "tls.failed",
    close: "local",
    type: "tls.protocol.error",
    doc: "TLS broke on an established connection: a bad record, an alert other than close_notify, or a renegotiation (RFC 9113 §9.2.1).",
  }),

  on("h2.protocol.error", {
    name: "h2.protocol-error",
    close: "local",
    type: "h2.protocol.error",
    doc: "The peer broke a rule of HTTP/2 that ends the connection.",
    when: (event) => event.stream === null,
  }),
  on("h2.ping.expired", {
    name: "ping.expired",
    close: "silent",
    type: "h2.ping.timed_out",
    doc: "No answer to a PING within its timeout, and neither FIN nor RST: the peer is gone without a word.",
  }),

  on("tcp.write.failed", {
    name: "write.reset",
    close: "reset",
    type: "tcp.reset",
    doc: "A write failed because the peer had reset the connection.",
    when: ({ code }) => code === "ECONNRESET",
  }),
  on("tcp.write.failed", {
    name: "write.broken-pipe",
    close: "abrupt",
    type: "tcp.broken_pipe",
    doc: "A write failed because the peer had ended and then reset the connection, before we had seen either.",
    when: ({ code }) => code === "EPIPE",
  }),
  on("tcp.write.failed", {
    name: "write.timed-out",
    close: "silent",
    type: "tcp.timed_out",
    doc: "The kernel gave up retransmitting what we wrote.",
    when: ({ code }) => code === "ETIMEDOUT",
  }),
  on("tcp.write.failed", {
    name: "write.unreachable",
    close: "silent",
    type: "tcp.unreachable",
    doc: "The way to the peer was lost while we wrote.",
    when: ({ code }) => UNREACHABLE_CODES.has(code),
  }),
  on("tcp.write.failed", {
    name: "write.failed",
    close: "abrupt",
    type: "tcp.failed",
    doc: "A write failed for a reason without a name of its own.",
  }),
  on("tcp.read.failed", {
    name: "read.timed-out",
    close: "silent",
    type: "tcp.timed_out",
    doc: "The kernel gave up on the connection: what we sent was never acknowledged.",
    when: ({ code }) => code === "ETIMEDOUT",
  }),
  on("tcp.read.failed", {
    name: "read.unreachable",
    close: "silent",
    type: "tcp.unreachable",
    doc: "The way to the peer was lost.",
    when: ({ code }) => UNREACHABLE_CODES.has(code),
  }),
  on("tcp.read.failed", {
    name: "read.failed",
    close: "abrupt",
    type: "tcp.failed",
    doc: "Reading failed for a reason without a name of its own.",
  }),

  closedByUs("run.ended", "alive", null, "It worked when the observation ended; its end was not seen."),
  closedByUs("lane.complete", "local", null, "A fresh connection had done what it was for."),
  closedByUs("drain.timeout", "local", null, "The peer sent GOAWAY and did not end the connection in time; we did."),
  closedByUs("aborted", "local", null, "The caller aborted the run."),
  closedByUs("engine.closed", "local", null, "node:http2 closed the connection by itself."),
  // The next ones follow a fact that decides before them. They are here for logs that lost that fact.
  closedByUs("ping.timeout", "silent", "h2.ping.timed_out", "We closed because a PING went unanswered."),
  closedByUs("connect.timeout", null, "tcp.timed_out", "We closed because the connection was not ready in time."),
  closedByUs("protocol.error", "local", "h2.protocol.error", "We closed because the peer broke HTTP/2."),
  closedByUs("tls.failed", "local", "tls.failed", "We closed because TLS failed."),
  closedByUs("alpn.refused", null, "tls.alpn.refused", "We closed because the peer did not agree on `h2`."),

  on("tcp.closed", {
    name: "close-notify.only",
    close: "abrupt",
    type: "tcp.closed",
    doc: "The peer's TLS said goodbye, and its FIN did not come before we gave up waiting for it.",
    when: (_, conn) => conn.closeNotify !== null,
  }),
  on("tcp.closed", {
    name: "unknown",
    close: null,
    type: "unknown",
    doc: "The socket is gone and nothing in the log says why: the log lost events.",
  }),
];

/** Refines a FIN by what came with it. Not another terminal fact: the same instant, seen in two events. */
export const FIN_WITH_RST = {
  name: "fin.with-rst",
  on: "tcp.rst.received",
  refines: "fin",
  type: "tcp.broken_pipe",
  doc: "FIN and RST had both come before we looked: the kernel's error was EPIPE and the socket had no peer any more.",
  when: (event: EventOf<"tcp.rst.received">, finAt: number): boolean =>
    event.code === "EPIPE" && event.seenBy === "peername" && event.t === finAt,
} as const;

/** What a GOAWAY makes of a connection's end. */
export interface GoawayRule {
  readonly name: string;
  readonly doc: string;
  when(end: { readonly close: Close | null; readonly unfinished: number }): boolean;
  readonly close: Close;
  /** `null`: nothing failed. `"keep"`: as the end alone would have it. */
  readonly type: null | "keep";
}

/** Applied in order to a connection that received a GOAWAY and whose end was the peer's doing. */
export const GOAWAY_RULES: readonly GoawayRule[] = [
  {
    name: "goaway.broken-promise",
    doc: "Streams at or below the last stream id were still open when the peer cut the connection.",
    when: ({ close, unfinished }) => (close === "abrupt" || close === "reset") && unfinished > 0,
    close: "broken-promise",
    type: "keep",
  },
  {
    name: "goaway.graceful",
    doc: "Every stream the GOAWAY promised to finish was finished before the peer ended the connection.",
    when: ({ close }) => close === "abrupt" || close === "reset",
    close: "graceful",
    type: null,
  },
];

/** Rules by the kind of event they look at. */
const BY_KIND = groupByTrigger(CONNECTION_RULES);

/** The rule by which an event ends a connection; `undefined` where it does not end it. */
export function connectionRuleFor(event: ProbeEvent, conn: OpenConnection): ConnectionRule | undefined {
  return BY_KIND.get(event.kind)?.find((rule) => rule.when(event, conn));
}
