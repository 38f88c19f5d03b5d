import { describe, expect, test } from "vitest";
import { closing, fin, foldAll, MS, rst, Trace } from "../../test/trace-builder.js";
import type { Fact } from "../events/index.js";
import { CONNECTION_RULES } from "./connection-rules.js";

const trace = (): Trace => new Trace();
const code = (name: string): { code: string; syscall: null; errno: null } => ({
  code: name,
  syscall: null,
  errno: null,
});
const dns = (name: string): Fact => ({
  kind: "dns.resolve.failed",
  conn: 1,
  path: "vip",
  lane: "held",
  host: "api",
  ...code(name),
});
const connectFailed = (name: string): Fact => ({ kind: "tcp.connect.failed", conn: 1, ...code(name) });
const writeFailed = (name: string): Fact => ({ kind: "tcp.write.failed", conn: 1, ...code(name) });
const readFailed = (name: string): Fact => ({ kind: "tcp.read.failed", conn: 1, ...code(name) });
const expired = (during: "tcp" | "tls" | "h2"): Fact => ({
  kind: "tcp.connect.expired",
  conn: 1,
  during,
  timeoutNs: 5_000 * MS,
});
const tlsFailed = (kind: "tls.handshake.failed" | "tls.failed", name: string, alert: number | null = null): Fact => ({
  kind,
  conn: 1,
  code: name,
  reason: "",
  alert,
});
const handshakeFailed = (name: string, alert: number | null = null): Trace =>
  trace()
    .connect()
    .handshake()
    .add(tlsFailed("tls.handshake.failed", name, alert), closing("tls.failed"))
    .closed();
const goodbye: Fact = { kind: "tls.close_notify.received", conn: 1 };
const protocolError = (stream: number | null): Fact => ({
  kind: "h2.protocol.error",
  conn: 1,
  stream,
  request: null,
  errorCode: 1,
  rule: "RFC 9113 §6.1",
  message: "DATA on stream 0",
});
const pingExpired: Fact = { kind: "h2.ping.expired", conn: 1, waitedNs: 2_000 * MS };

interface Case {
  readonly fires: Trace;
  /** Almost the same, and another rule's. */
  readonly misses: Trace;
  readonly is: readonly [close: string | null, type: string | null];
  readonly missIs: readonly [close: string | null, type: string | null];
}

/** One case for each rule of the table. */
const CASES: Readonly<Record<string, Case>> = {
  "dns.no-such-name": {
    fires: trace().add(dns("ENOTFOUND")),
    is: [null, "dns.name_not_resolved"],
    misses: trace().add(dns("EAI_AGAIN")),
    missIs: [null, "dns.failed"],
  },
  "dns.failed": {
    fires: trace().add(dns("EAI_AGAIN")),
    is: [null, "dns.failed"],
    misses: trace().add(dns("EAI_NONAME")),
    missIs: [null, "dns.name_not_resolved"],
  },
  "connect.refused": {
    fires: trace().start().add(connectFailed("ECONNREFUSED")),
    is: [null, "tcp.refused"],
    misses: trace().start().add(connectFailed("ECONNABORTED")),
    missIs: [null, "tcp.failed"],
  },
  "connect.reset": {
    fires: trace().start().add(connectFailed("ECONNRESET")),
    is: [null, "tcp.reset"],
    misses: trace().connect().add(rst()).closed(),
    missIs: ["reset", "tcp.reset"],
  },
  "connect.timed-out": {
    fires: trace().start().add(connectFailed("ETIMEDOUT")),
    is: [null, "tcp.timed_out"],
    misses: trace().start().add(connectFailed("EHOSTUNREACH")),
    missIs: [null, "tcp.unreachable"],
  },
  "connect.unreachable": {
    fires: trace().start().add(connectFailed("ENETUNREACH")),
    is: [null, "tcp.unreachable"],
    misses: trace().start().add(connectFailed("EADDRNOTAVAIL")),
    missIs: [null, "local.resources"],
  },
  "connect.local-resources": {
    fires: trace().start().add(connectFailed("EMFILE")),
    is: [null, "local.resources"],
    misses: trace().start().add(connectFailed("EINVAL")),
    missIs: [null, "tcp.failed"],
  },
  "connect.failed": {
    fires: trace().start().add(connectFailed("EINVAL")),
    is: [null, "tcp.failed"],
    misses: trace().start().add(connectFailed("ECONNREFUSED")),
    missIs: [null, "tcp.refused"],
  },
  "connect.expired": {
    fires: trace().start().add(expired("tcp"), closing("connect.timeout")).closed(),
    is: [null, "tcp.timed_out"],
    misses: trace().connect().handshake().add(expired("tls"), closing("connect.timeout")).closed(),
    missIs: ["silent", "tls.timed_out"],
  },
  "handshake.expired": {
    fires: trace().connect().handshake().add(expired("tls")).closed(),
    is: ["silent", "tls.timed_out"],
    misses: trace().connect().handshake().add(fin(), expired("tls")).closed(),
    missIs: ["abrupt", "tcp.closed"],
  },
  "settings.expired": {
    fires: trace().connect().secure().add(expired("h2")).closed(),
    is: ["silent", "h2.settings.timed_out"],
    misses: trace().connect().handshake().add(expired("tls")).closed(),
    missIs: ["silent", "tls.timed_out"],
  },
  "fin.during-handshake": {
    // Even with an RST in the same instant: our ClientHello may have crossed the FIN.
    fires: trace()
      .connect()
      .handshake()
      .together(fin(), rst(1, { code: "EPIPE", seenBy: "peername", afterFin: true }))
      .closed(),
    is: ["abrupt", "tcp.closed"],
    misses: trace()
      .ready()
      .together(fin(), rst(1, { code: "EPIPE", seenBy: "peername", afterFin: true }))
      .closed(),
    missIs: ["abrupt", "tcp.broken_pipe"],
  },
  fin: {
    fires: trace()
      .ready()
      .add(fin(), rst(1, { afterFin: true, code: "EPIPE" }), writeFailed("EPIPE"))
      .closed(),
    is: ["abrupt", "tcp.closed"],
    misses: trace().ready().add(rst(), fin()).closed(),
    missIs: ["reset", "tcp.reset"],
  },
  "rst.during-handshake": {
    fires: trace().connect().handshake().add(rst()).closed(),
    is: ["reset", "tcp.reset"],
    misses: trace().connect().handshake().add(fin()).closed(),
    missIs: ["abrupt", "tcp.closed"],
  },
  rst: {
    fires: trace()
      .ready()
      .add(rst(1, { seenBy: "peername" }))
      .closed(),
    is: ["reset", "tcp.reset"],
    misses: trace()
      .ready()
      .add(fin(), rst(1, { afterFin: true }))
      .closed(),
    missIs: ["abrupt", "tcp.closed"],
  },
  "rst.after-fin-not-logged": {
    fires: trace()
      .ready()
      .add(rst(1, { afterFin: true }))
      .closed(),
    is: ["abrupt", "tcp.closed"],
    misses: trace()
      .ready()
      .add(rst(1, { afterFin: false }))
      .closed(),
    missIs: ["reset", "tcp.reset"],
  },
  "handshake.alpn": {
    fires: handshakeFailed("ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL", 120),
    is: [null, "tls.alpn.refused"],
    misses: handshakeFailed("ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR", 80),
    missIs: [null, "tls.failed"],
  },
  "handshake.version-or-cipher": {
    fires: handshakeFailed("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", 70),
    is: [null, "tls.version_or_cipher_mismatch"],
    misses: handshakeFailed("ERR_SSL_WRONG_VERSION_NUMBER"),
    missIs: [null, "tls.protocol.error"],
  },
  "handshake.client-cert": {
    fires: handshakeFailed("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", 116),
    is: [null, "tls.bad_client_auth_cert"],
    misses: handshakeFailed("CERT_HAS_EXPIRED"),
    missIs: [null, "tls.cert.date_invalid"],
  },
  "handshake.cert-date": {
    fires: handshakeFailed("CERT_NOT_YET_VALID"),
    is: [null, "tls.cert.date_invalid"],
    misses: handshakeFailed("ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED", 45),
    missIs: [null, "tls.bad_client_auth_cert"],
  },
  "handshake.cert-name": {
    fires: handshakeFailed("ERR_TLS_CERT_ALTNAME_INVALID"),
    is: [null, "tls.cert.name_invalid"],
    misses: handshakeFailed("DEPTH_ZERO_SELF_SIGNED_CERT"),
    missIs: [null, "tls.cert.authority_invalid"],
  },
  "handshake.cert-revoked": {
    fires: handshakeFailed("CERT_REVOKED"),
    is: [null, "tls.cert.revoked"],
    misses: handshakeFailed("CERT_REJECTED"),
    missIs: [null, "tls.cert.invalid"],
  },
  "handshake.cert-authority": {
    fires: handshakeFailed("UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
    is: [null, "tls.cert.authority_invalid"],
    misses: handshakeFailed("CERT_SIGNATURE_FAILURE"),
    missIs: [null, "tls.cert.invalid"],
  },
  "handshake.cert-invalid": {
    fires: handshakeFailed("INVALID_PURPOSE"),
    is: [null, "tls.cert.invalid"],
    misses: handshakeFailed("CERT_HAS_EXPIRED"),
    missIs: [null, "tls.cert.date_invalid"],
  },
  "handshake.garbage": {
    fires: handshakeFailed("ERR_SSL_PACKET_LENGTH_TOO_LONG"),
    is: [null, "tls.protocol.error"],
    misses: handshakeFailed("ERR_SSL_TLSV1_ALERT_DECODE_ERROR"),
    missIs: [null, "tls.failed"],
  },
  "handshake.failed": {
    fires: handshakeFailed("ERR_SSL_INTERNAL_ERROR"),
    is: [null, "tls.failed"],
    misses: handshakeFailed("ERR_SSL_NO_CIPHERS_AVAILABLE"),
    missIs: [null, "tls.version_or_cipher_mismatch"],
  },
  "tls.client-cert": {
    fires: trace()
      .ready()
      .add(tlsFailed("tls.failed", "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", 116))
      .closed(),
    is: ["local", "tls.bad_client_auth_cert"],
    misses: trace()
      .ready()
      .add(tlsFailed("tls.failed", "ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR", 80))
      .closed(),
    missIs: ["local", "tls.protocol.error"],
  },
  "tls.failed": {
    fires: trace().ready().add(tlsFailed("tls.failed", "ERR_SSL_WRONG_VERSION_NUMBER")).closed(),
    is: ["local", "tls.protocol.error"],
    misses: trace().ready().add(fin(), tlsFailed("tls.failed", "ERR_SSL_UNEXPECTED_EOF")).closed(),
    missIs: ["abrupt", "tcp.closed"],
  },
  "h2.protocol-error": {
    fires: trace().ready().add(protocolError(null), closing("protocol.error")).closed(),
    is: ["local", "h2.protocol.error"],
    misses: trace().ready().add(protocolError(1), closing("lane.complete")).closed(),
    missIs: ["local", null],
  },
  "ping.expired": {
    fires: trace().ready().add(pingExpired, closing("ping.timeout"), rst()).closed(),
    is: ["silent", "h2.ping.timed_out"],
    misses: trace().ready().add(rst(), pingExpired).closed(),
    missIs: ["reset", "tcp.reset"],
  },
  "write.reset": {
    fires: trace().ready().add(writeFailed("ECONNRESET")).closed(),
    is: ["reset", "tcp.reset"],
    misses: trace().ready().add(writeFailed("EPIPE")).closed(),
    missIs: ["abrupt", "tcp.broken_pipe"],
  },
  "write.broken-pipe": {
    fires: trace().ready().add(writeFailed("EPIPE"), fin()).closed(),
    is: ["abrupt", "tcp.broken_pipe"],
    misses: trace().ready().add(fin(), writeFailed("EPIPE")).closed(),
    missIs: ["abrupt", "tcp.closed"],
  },
  "write.timed-out": {
    fires: trace().ready().add(writeFailed("ETIMEDOUT")).closed(),
    is: ["silent", "tcp.timed_out"],
    misses: trace().ready().add(writeFailed("EHOSTUNREACH")).closed(),
    missIs: ["silent", "tcp.unreachable"],
  },
  "write.unreachable": {
    fires: trace().ready().add(writeFailed("EHOSTUNREACH")).closed(),
    is: ["silent", "tcp.unreachable"],
    misses: trace().ready().add(writeFailed("EINVAL")).closed(),
    missIs: ["abrupt", "tcp.failed"],
  },
  "write.failed": {
    fires: trace().ready().add(writeFailed("EINVAL")).closed(),
    is: ["abrupt", "tcp.failed"],
    misses: trace().ready().add(closing("lane.complete"), writeFailed("EINVAL")).closed(),
    missIs: ["local", null],
  },
  "read.timed-out": {
    fires: trace().ready().add(readFailed("ETIMEDOUT")).closed(),
    is: ["silent", "tcp.timed_out"],
    misses: trace().ready().add(readFailed("ENETDOWN")).closed(),
    missIs: ["silent", "tcp.unreachable"],
  },
  "read.unreachable": {
    fires: trace().ready().add(readFailed("EHOSTUNREACH")).closed(),
    is: ["silent", "tcp.unreachable"],
    misses: trace().ready().add(readFailed("EIO")).closed(),
    missIs: ["abrupt", "tcp.failed"],
  },
  "read.failed": {
    fires: trace().ready().add(readFailed("EIO")).closed(),
    is: ["abrupt", "tcp.failed"],
    misses: trace().ready().goaway(0).add(readFailed("EIO")).closed(),
    missIs: ["graceful", null],
  },
  "closed.run.ended": {
    fires: trace().ready().add(closing("run.ended"), fin()).closed(),
    is: ["alive", null],
    // Never established: there is no connection whose end could be told.
    misses: trace().start().add(closing("run.ended")).closed(),
    missIs: [null, null],
  },
  "closed.lane.complete": {
    fires: trace().connect(1, "fresh.tcp").add(closing("lane.complete"), rst()).closed(),
    is: ["local", null],
    misses: trace().connect(1, "fresh.tcp").add(rst(), closing("lane.complete")).closed(),
    missIs: ["reset", "tcp.reset"],
  },
  "closed.drain.timeout": {
    fires: trace().ready().goaway(0).add(closing("drain.timeout"), fin()).closed(),
    is: ["local", null],
    misses: trace().ready().goaway(0).add(fin(), closing("drain.timeout")).closed(),
    missIs: ["graceful", null],
  },
  "closed.aborted": {
    fires: trace().ready().add(closing("aborted")).closed(),
    is: ["local", null],
    misses: trace().ready().add(closing("run.ended")).closed(),
    missIs: ["alive", null],
  },
  "closed.engine.closed": {
    fires: trace().ready().goaway(0).add(closing("engine.closed")).closed(),
    is: ["local", null],
    misses: trace().ready().goaway(0, 11).add(closing("engine.closed")).closed(),
    missIs: ["local", "h2.goaway"],
  },
  "closed.ping.timeout": {
    fires: trace().ready().add(closing("ping.timeout")).closed(),
    is: ["silent", "h2.ping.timed_out"],
    misses: trace().ready().add(fin(), closing("ping.timeout")).closed(),
    missIs: ["abrupt", "tcp.closed"],
  },
  "closed.connect.timeout": {
    fires: trace().start().add(closing("connect.timeout")).closed(),
    is: [null, "tcp.timed_out"],
    misses: trace().connect().handshake().add(expired("tls"), closing("connect.timeout")).closed(),
    missIs: ["silent", "tls.timed_out"],
  },
  "closed.protocol.error": {
    fires: trace().ready().add(closing("protocol.error")).closed(),
    is: ["local", "h2.protocol.error"],
    misses: trace().ready().add(closing("engine.closed")).closed(),
    missIs: ["local", null],
  },
  "closed.tls.failed": {
    fires: trace().ready().add(closing("tls.failed")).closed(),
    is: ["local", "tls.failed"],
    misses: handshakeFailed("CERT_HAS_EXPIRED"),
    missIs: [null, "tls.cert.date_invalid"],
  },
  "closed.alpn.refused": {
    fires: trace().connect().secure().add(closing("alpn.refused")).closed(),
    is: [null, "tls.alpn.refused"],
    misses: trace().connect().secure().add(closing("lane.complete")).closed(),
    missIs: ["local", null],
  },
  "close-notify.only": {
    fires: trace().ready().add(goodbye, closing("peer.ended")).closed(),
    is: ["abrupt", "tcp.closed"],
    misses: trace().ready().goaway(0).add(goodbye, closing("peer.ended")).closed(),
    missIs: ["graceful", null],
  },
  unknown: {
    fires: trace().ready().closed(),
    is: [null, "unknown"],
    misses: trace().ready(),
    missIs: ["alive", null],
  },
};

test("every rule has a case, and every case a rule", () => {
  expect(Object.keys(CASES).sort()).toEqual(CONNECTION_RULES.map((rule) => rule.name).sort());
});

describe.each(Object.entries(CASES))("%s", (name, { fires, is, misses, missIs }) => {
  test("fires", () => {
    const { connections } = foldAll(fires);
    expect(connections.map(({ close, type }) => [close, type])).toEqual([is]);
    const [verdict] = connections;
    const rule = CONNECTION_RULES.find((candidate) => candidate.name === name);
    const deciding = fires.events.filter((event) => event.t === verdict?.t && verdict.evidence.includes(event.seq));
    const expected = name === "close-notify.only" ? "tls.close_notify.received" : rule?.on;
    expect(deciding.map((event) => event.kind)).toContain(expected);
    expect(deciding.map((event) => event.u)).toContain(verdict?.u);
  });

  test("a near miss is another rule's", () => {
    expect(foldAll(misses).connections.map(({ close, type }) => [close, type])).toEqual([missIs]);
  });
});
