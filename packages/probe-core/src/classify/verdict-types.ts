import type {
  ConnectionId,
  Endpoint,
  Instant,
  Lane,
  Nanos,
  PathName,
  RequestId,
  Seq,
  StreamId,
} from "../events/index.js";

/** How a connection ended. See `docs/verdicts.md` for what each one does and does not prove. */
export type Close =
  | "graceful" //       GOAWAY, open streams finished, then closed by the peer
  | "broken-promise" // GOAWAY, but streams at or below its last stream id were cut by FIN or RST
  | "abrupt" //         FIN without GOAWAY
  | "reset" //          RST without GOAWAY
  | "silent" //         PING (or a handshake) unanswered
  | "local" //          we closed it while it worked
  | "alive"; //         still open when the observation ended: its end was not seen

/** Every way in which a connection ends. `docs/verdicts.md` lists exactly these; a test compares them. */
export const CLOSES: readonly Close[] = ["graceful", "broken-promise", "abrupt", "reset", "silent", "local", "alive"];

/** Failure types: W3C Network Error Logging where it has a word, extended by what it lacks. */
export const VERDICT_TYPES = [
  "dns.name_not_resolved",
  "dns.failed",
  "tcp.refused",
  "tcp.timed_out",
  "tcp.unreachable",
  "tcp.reset",
  "tcp.closed",
  "tcp.broken_pipe",
  "tcp.failed",
  "tls.cert.date_invalid",
  "tls.cert.name_invalid",
  "tls.cert.authority_invalid",
  "tls.cert.invalid",
  "tls.cert.revoked",
  "tls.bad_client_auth_cert",
  "tls.version_or_cipher_mismatch",
  "tls.alpn.refused",
  "tls.timed_out",
  "tls.protocol.error",
  "tls.failed",
  "h2.goaway",
  "h2.ping.timed_out",
  "h2.settings.timed_out",
  "h2.stream.refused",
  "h2.stream.reset",
  "h2.protocol.error",
  "http.retry_after",
  "http.error",
  "http.response.truncated",
  "request.timed_out",
  "abandoned",
  "local.resources",
  "unknown",
] as const;
/** What failed, in the words of Network Error Logging: one of {@link VERDICT_TYPES}. */
export type VerdictType = (typeof VERDICT_TYPES)[number];

/** Did the server act on it? Only `maybe` makes a write unsafe to retry. */
export type Processed = "yes" | "no" | "maybe";

/** One GOAWAY as it was received (RFC 9113 §6.8). */
export interface GoawaySeen {
  readonly lastStreamId: StreamId;
  readonly errorCode: number;
  readonly debug: string;
}

/** One per connection attempt. `type` is `null` where nothing failed (graceful, local, alive). */
export interface ConnectionVerdict extends Instant {
  readonly kind: "verdict";
  readonly scope: "connection";
  readonly conn: ConnectionId;
  readonly path: PathName;
  readonly lane: Lane;
  readonly local: Endpoint | null;
  readonly remote: Endpoint | null;
  /** `null` where the connection was never established. */
  readonly close: Close | null;
  readonly type: VerdictType | null;
  /** Did the peer's TLS say goodbye. `null` where that cannot be known: no TLS, or its end was not seen. */
  readonly closeNotify: boolean | null;
  readonly goaways: readonly GoawaySeen[];
  /** Requests open when the end came (for `alive` and `local`: when we looked last). */
  readonly requestsInFlight: number;
  /** Sequence numbers of the events it rests on, ascending; never empty. */
  readonly evidence: readonly Seq[];
}

/** One per failed or abandoned request; requests that succeeded are counted only. */
export interface RequestVerdict extends Instant {
  readonly kind: "verdict";
  readonly scope: "connection" | "request";
  readonly type: VerdictType;
  readonly processed: Processed;
  readonly conn: ConnectionId | null;
  readonly stream: StreamId | null;
  readonly request: RequestId;
  readonly path: PathName;
  readonly lane: Lane;
  readonly method: string;
  readonly url: string;
  readonly status: number | null;
  readonly evidence: readonly Seq[];
}

/** What the fold says of one connection or one failed request. */
export type Verdict = ConnectionVerdict | RequestVerdict;

/** A connection that failed, or whose GOAWAY left requests unserved, with its casualties. */
export interface Incident extends Instant {
  readonly conn: ConnectionId;
  readonly path: PathName;
  readonly lane: Lane;
  readonly type: VerdictType;
  readonly close: Close | null;
  readonly closeNotify: boolean | null;
  readonly local: Endpoint | null;
  readonly remote: Endpoint | null;
  readonly requestsInFlight: number;
  /** Requests with `scope: "connection"` lost with it. */
  readonly requestsFailed: number;
  /** Of those, writes (not GET, HEAD, OPTIONS) with `processed: "maybe"`. */
  readonly unsafeToRetry: number;
  readonly goaways: readonly GoawaySeen[];
  readonly evidence: readonly Seq[];
  /** From the first failure on this path to the next session or fresh connection that worked; `null` if none came. */
  readonly recoveredAfterNs: Nanos | null;
}
