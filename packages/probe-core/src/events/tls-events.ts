import type { ConnectionId } from "./ids.js";
import type { Nanos } from "./time.js";

/** The ClientHello is about to be written. */
export interface TlsHandshakeStarted {
  readonly kind: "tls.handshake.started";
  readonly conn: ConnectionId;
  readonly serverName: string | null;
  readonly alpnOffered: readonly string[];
}

/** Our side of the handshake is done and the certificate was accepted (or checking was switched off: `verified: false`). */
export interface TlsHandshakeComplete {
  readonly kind: "tls.handshake.complete";
  readonly conn: ConnectionId;
  readonly protocol: string;
  readonly cipher: string;
  /** `null` where the peer chose none. */
  readonly alpn: string | null;
  /** SHA-256 of the peer's certificate, lower-case hex without colons: the backend's identity. */
  readonly fingerprint: string;
  readonly verified: boolean;
  readonly durationNs: Nanos;
}

/**
 * The ClientHello of a fresh.hello connection was answered, and that is all this lane wants: a process is alive behind the listener.
 * It proves nothing of its certificate or its HTTP/2. An alert is an answer too: a server that refuses is there.
 */
export interface TlsHelloAnswered {
  readonly kind: "tls.hello.answered";
  readonly conn: ConnectionId;
  readonly answer: "server_hello" | "alert";
  /** Number of the alert (RFC 8446 §6); `null` where it was a ServerHello, or a HelloRetryRequest, which is one too. */
  readonly alert: number | null;
  /** From the ClientHello to the answer. */
  readonly durationNs: Nanos;
}

/**
 * The handshake failed for a reason of TLS: an alert, a certificate we do not accept, no common ALPN, garbage.
 * A FIN, an RST or a timeout during the handshake is recorded by the tcp layer instead.
 */
export interface TlsHandshakeFailed {
  readonly kind: "tls.handshake.failed";
  readonly conn: ConnectionId;
  /** Node's or OpenSSL's code, verbatim: `CERT_HAS_EXPIRED`, `ERR_TLS_CERT_ALTNAME_INVALID`, `ERR_SSL_…`. */
  readonly code: string;
  /** OpenSSL's reason or Node's text, bounded and escaped. */
  readonly reason: string;
  /** TLS alert number the peer sent (RFC 8446 §6), or `null` where the failure was ours to find. */
  readonly alert: number | null;
}

/** The peer's TLS said goodbye before its FIN: an application closed the connection, it was not cut. */
export interface TlsCloseNotifyReceived {
  readonly kind: "tls.close_notify.received";
  readonly conn: ConnectionId;
}

/** The peer's FIN or RST came inside a TLS record: bytes were lost on the way, or a process died while writing. */
export interface TlsRecordTruncated {
  readonly kind: "tls.record.truncated";
  readonly conn: ConnectionId;
  /** TLS content type of the record (23 application data, 22 handshake, 21 alert); `null` if not even its header was whole. */
  readonly contentType: number | null;
  /** Bytes the record should have had, header included; `null` if its header was not whole. */
  readonly expectedBytes: number | null;
  readonly receivedBytes: number;
}

/** TLS failed after the handshake: a bad record, an alert other than close_notify. We close after it. */
export interface TlsFailed {
  readonly kind: "tls.failed";
  readonly conn: ConnectionId;
  readonly code: string;
  readonly reason: string;
  readonly alert: number | null;
}

/** Facts of the TLS layer. */
export type TlsEvent =
  | TlsHandshakeStarted
  | TlsHelloAnswered
  | TlsHandshakeComplete
  | TlsHandshakeFailed
  | TlsCloseNotifyReceived
  | TlsRecordTruncated
  | TlsFailed;
