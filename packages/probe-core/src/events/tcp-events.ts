import type { ConnectionId, Endpoint, Lane, PathName } from "./ids.js";
import type { Nanos } from "./time.js";

/** Why this side closed a connection. */
export type LocalCloseReason =
  | "lane.complete" //    a fresh lane had what it came for
  | "run.ended" //        the observation ended
  | "drain.timeout" //    the peer sent GOAWAY and did not close within the drain timeout
  | "ping.timeout" //     no answer to a PING within its timeout
  | "connect.timeout" //  the handshake (TCP or TLS) did not complete in time
  | "peer.ended" //       the peer's FIN or close_notify came first; we answer it
  | "protocol.error" //   the peer broke HTTP/2; we sent GOAWAY
  | "tls.failed" //       we refused the peer's certificate or its TLS
  | "alpn.refused" //     the peer did not agree on `h2`
  | "engine.closed" //    `node` engine only: node:http2 closed the socket by itself
  | "aborted"; //         the caller's AbortSignal

/** `syscall`, `code` and `errno` are Node's, verbatim; `null` where Node gave none. */
export interface SystemErrorFields {
  readonly code: string;
  readonly syscall: string | null;
  readonly errno: number | null;
}

/**
 * The name did not resolve; `ETIMEOUT` where our connect timeout passed first. The attempt ends here: there is no `tcp.closed`.
 */
export interface DnsResolveFailed extends SystemErrorFields {
  readonly kind: "dns.resolve.failed";
  readonly conn: ConnectionId;
  readonly path: PathName;
  readonly lane: Lane;
  readonly host: string;
}

/** connect(2) was called. The first event of every attempt whose address is known. */
export interface TcpConnectStarted {
  readonly kind: "tcp.connect.started";
  readonly conn: ConnectionId;
  readonly path: PathName;
  readonly lane: Lane;
  readonly remote: Endpoint;
  /** When the schedule wanted it; `null` where it answers an event (a session being reopened). */
  readonly intended: Nanos | null;
}

/** The kernel's handshake is done. It does not prove that a process has accepted the connection. */
export interface TcpConnectComplete {
  readonly kind: "tcp.connect.complete";
  readonly conn: ConnectionId;
  readonly local: Endpoint;
  readonly remote: Endpoint;
}

/**
 * connect(2) failed: `ECONNREFUSED`, `EHOSTUNREACH`, `ETIMEDOUT` (the kernel's own), … The attempt ends here: there is no
 * `tcp.closed`.
 */
export interface TcpConnectFailed extends SystemErrorFields {
  readonly kind: "tcp.connect.failed";
  readonly conn: ConnectionId;
}

/** Our own connect timeout passed, in the TCP or in the TLS handshake. We close after it. */
export interface TcpConnectExpired {
  readonly kind: "tcp.connect.expired";
  readonly conn: ConnectionId;
  readonly during: "tcp" | "tls" | "h2";
  readonly timeoutNs: Nanos;
}

/** The peer's FIN: nothing more will come from it. All bytes before it have been read. */
export interface TcpFinReceived {
  readonly kind: "tcp.fin.received";
  readonly conn: ConnectionId;
  /** Bytes read from the socket before it, over the connection's life. */
  readonly bytesRead: number;
}

/**
 * The peer's RST.
 *
 * `code` is the kernel's pending error: `ECONNRESET`, or `EPIPE` where a FIN had come before the RST.
 * `seenBy` says how we know: a failing read, a failing write, or, where Node reported an end of file only, the
 * socket having no peer any more. After a FIN, an RST often only answers bytes of our own and means nothing:
 * `afterFin` tells.
 */
export interface TcpRstReceived {
  readonly kind: "tcp.rst.received";
  readonly conn: ConnectionId;
  readonly code: "ECONNRESET" | "EPIPE";
  readonly seenBy: "read" | "write" | "peername";
  readonly afterFin: boolean;
  readonly bytesRead: number;
}

/**
 * A write failed: `EPIPE`, `ETIMEDOUT`, … None of that write's bytes were taken by the kernel. One that failed with
 * `ECONNRESET` is a `tcp.rst.received` seen by `write` instead. Before it, what the peer had sent was read and handed on.
 */
export interface TcpWriteFailed extends SystemErrorFields {
  readonly kind: "tcp.write.failed";
  readonly conn: ConnectionId;
}

/** A read failed with something other than a reset: `ETIMEDOUT`, `EHOSTUNREACH`, `ENETDOWN`, … */
export interface TcpReadFailed extends SystemErrorFields {
  readonly kind: "tcp.read.failed";
  readonly conn: ConnectionId;
}

/**
 * We began to close: `fin` shuts our sending side down, `rst` resets the connection. A `fin` that the peer does not answer
 * within `LIMITS.closeTimeoutMs` is followed by a second event with `rst` and the same reason.
 */
export interface TcpCloseStarted {
  readonly kind: "tcp.close.started";
  readonly conn: ConnectionId;
  readonly reason: LocalCloseReason;
  readonly how: "fin" | "rst";
}

/** The socket is gone. The last event of every connection that had a socket. */
export interface TcpClosed {
  readonly kind: "tcp.closed";
  readonly conn: ConnectionId;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** Facts of name resolution and of TCP. */
export type TcpEvent =
  | DnsResolveFailed
  | TcpConnectStarted
  | TcpConnectComplete
  | TcpConnectFailed
  | TcpConnectExpired
  | TcpFinReceived
  | TcpRstReceived
  | TcpWriteFailed
  | TcpReadFailed
  | TcpCloseStarted
  | TcpClosed;
