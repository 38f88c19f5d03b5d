import type { Processed, VerdictType } from "../classify/verdict-types.js";
import type { FailureScope } from "./explain-types.js";

/** One text of Go's network stack and what it stands for. */
export interface GoRule {
  /** Found anywhere in the line, verbatim. */
  readonly text: string;
  /** A second text that must be there too. */
  readonly and?: string;
  readonly type: VerdictType;
  /** Of a dialer's error the scope is `attempt` and nothing was processed, whatever stands here. */
  readonly scope: FailureScope;
  readonly processed: Processed;
  /** What the text leaves open, by the id of one of {@link TEXT_LIMITS}. */
  readonly leavesOpen?: TextLimit;
  /** The failing side is this process: no failure of the service. */
  readonly local?: true;
}

/** What Go's texts cannot tell. */
export const TEXT_LIMITS = {
  "goaway-hides-end":
    '"server sent GOAWAY and closed the connection" is Go\'s text for any end of a connection after a GOAWAY: a FIN, a reset and a cut TLS record look the same. The requests it names were at or below the last stream id, so the server had promised to answer them.',
  "eof-hides-goodbye":
    '"EOF" says that the connection ended under a request. It does not say whether TLS said goodbye first (close_notify: an application closed) or not (a process died, or something on the way cut it).',
  "pipe-hides-end":
    '"broken pipe" says that this side wrote to a connection that had ended. How it had ended, by FIN or by RST, and how long before, was not written down.',
  "reset-has-no-author":
    '"connection reset by peer" does not say who sent the RST: the server, its kernel after the process had gone, or a balancer in its name.',
  "lost-is-silence":
    '"client connection lost" says that a PING was not answered: the peer was silent for the health check\'s 30 s and 15 s, and when it fell silent in that time is not known.',
  "deadline-names-no-layer":
    "A deadline of the client passed. Whether the connection was silent, the server slow or the request never sent is not told.",
  "timeout-names-no-packet":
    '"i/o timeout" says that nothing came in time. It does not say which packet was lost, or where.',
  "status-without-header":
    "client-go's text for an error status does not say whether the answer had a Retry-After header, nor which server answered.",
  "dial-hides-backend":
    "A failed attempt names the balancer's address. Which backend it would have reached is not told.",
} as const;
export type TextLimit = keyof typeof TEXT_LIMITS;

const CONN = { scope: "connection", processed: "maybe" } as const;
const NEVER_SENT = { scope: "attempt", processed: "no" } as const;
const REQUEST = { scope: "request", processed: "maybe" } as const;
const TLS_TEXTS: readonly (readonly [string, VerdictType])[] = [
  ["x509: certificate has expired or is not yet valid", "tls.cert.date_invalid"],
  ["x509: certificate is valid for", "tls.cert.name_invalid"],
  ["x509: certificate is not valid for any names", "tls.cert.name_invalid"],
  ["x509: cannot validate certificate for", "tls.cert.name_invalid"],
  ["x509: certificate relies on legacy Common Name", "tls.cert.name_invalid"],
  ["x509: certificate signed by unknown authority", "tls.cert.authority_invalid"],
  ["x509: ", "tls.cert.invalid"],
  ["remote error: tls: bad certificate", "tls.bad_client_auth_cert"],
  ["remote error: tls: unsupported certificate", "tls.bad_client_auth_cert"],
  ["remote error: tls: revoked certificate", "tls.bad_client_auth_cert"],
  ["remote error: tls: expired certificate", "tls.bad_client_auth_cert"],
  ["remote error: tls: unknown certificate", "tls.bad_client_auth_cert"],
  ["remote error: tls: access denied", "tls.bad_client_auth_cert"],
  ["remote error: tls: certificate required", "tls.bad_client_auth_cert"],
  ["remote error: tls: handshake failure", "tls.version_or_cipher_mismatch"],
  ["remote error: tls: protocol version not supported", "tls.version_or_cipher_mismatch"],
  ["remote error: tls: insufficient security level", "tls.version_or_cipher_mismatch"],
  ["remote error: tls: no application protocol", "tls.alpn.refused"],
  ["remote error: tls: ", "tls.failed"],
  ["unexpected ALPN protocol", "tls.alpn.refused"],
  ["could not negotiate protocol mutually", "tls.alpn.refused"],
  ["first record does not look like a TLS handshake", "tls.protocol.error"],
  ["http: server gave HTTP response to HTTPS client", "tls.protocol.error"],
  ["tls: oversized record received", "tls.protocol.error"],
];

/** Tried from the first to the last; the first whose text is in the line decides. Sources: Go 1.26, x/net 0.49, Kubernetes 1.36 and 1.18. */
export const GO_RULES: readonly GoRule[] = [
  // golang.org/x/net/http2
  {
    text: "http2: server sent GOAWAY and closed the connection",
    type: "h2.goaway",
    ...CONN,
    leavesOpen: "goaway-hides-end",
  },
  {
    text: "http2: Transport received Server's graceful shutdown GOAWAY",
    type: "h2.goaway",
    scope: "connection",
    processed: "no",
  },
  { text: "http2: Transport received GOAWAY from server ErrCode:", type: "h2.goaway", ...CONN },
  { text: "http2: client connection lost", type: "h2.ping.timed_out", ...CONN, leavesOpen: "lost-is-silence" },
  { text: "http2: client connection force closed via ClientConn.Close", type: "abandoned", ...CONN, local: true },
  { text: "http2: client conn is closed", type: "unknown", ...NEVER_SENT },
  { text: "http2: client conn not usable", type: "unknown", ...NEVER_SENT },
  { text: "http2: client conn could not be established", type: "unknown", ...NEVER_SENT },
  { text: "stream error: ", and: "REFUSED_STREAM", type: "h2.stream.refused", scope: "request", processed: "no" },
  { text: "stream error: stream ID ", type: "h2.stream.reset", ...REQUEST },
  { text: "http2: connection error: ", type: "h2.protocol.error", ...CONN },
  { text: "connection error: PROTOCOL_ERROR", type: "h2.protocol.error", ...CONN },
  { text: "connection error: FLOW_CONTROL_ERROR", type: "h2.protocol.error", ...CONN },
  { text: "connection error: COMPRESSION_ERROR", type: "h2.protocol.error", ...CONN },
  { text: "connection error: FRAME_SIZE_ERROR", type: "h2.protocol.error", ...CONN },
  // The kernel's words, in net.OpError
  { text: "connection reset by peer", type: "tcp.reset", ...CONN, leavesOpen: "reset-has-no-author" },
  { text: "broken pipe", type: "tcp.broken_pipe", ...CONN, leavesOpen: "pipe-hides-end" },
  { text: "connection refused", type: "tcp.refused", ...NEVER_SENT, leavesOpen: "dial-hides-backend" },
  { text: "no route to host", type: "tcp.unreachable", ...CONN },
  { text: "network is unreachable", type: "tcp.unreachable", ...CONN },
  { text: "network is down", type: "tcp.unreachable", ...CONN },
  { text: "host is down", type: "tcp.unreachable", ...CONN },
  { text: "connection timed out", type: "tcp.timed_out", ...CONN, leavesOpen: "timeout-names-no-packet" },
  { text: "software caused connection abort", type: "tcp.failed", ...CONN },
  { text: "cannot assign requested address", type: "local.resources", ...NEVER_SENT, local: true },
  { text: "too many open files", type: "local.resources", ...NEVER_SENT, local: true },
  { text: "no buffer space available", type: "local.resources", ...NEVER_SENT, local: true },
  // Names
  { text: "no such host", type: "dns.name_not_resolved", ...NEVER_SENT },
  { text: "lookup ", and: "server misbehaving", type: "dns.failed", ...NEVER_SENT },
  { text: "Temporary failure in name resolution", type: "dns.failed", ...NEVER_SENT },
  { text: "lookup ", and: "i/o timeout", type: "dns.failed", ...NEVER_SENT },
  // TLS
  { text: "TLS handshake timeout", type: "tls.timed_out", ...NEVER_SENT, leavesOpen: "dial-hides-backend" },
  ...TLS_TEXTS.map(([text, type]): GoRule => ({ text, type, ...NEVER_SENT })),
  { text: "local error: tls: ", type: "tls.protocol.error", ...CONN },
  // Deadlines, net/http and context
  {
    text: "request canceled while waiting for connection",
    type: "request.timed_out",
    ...NEVER_SENT,
    leavesOpen: "deadline-names-no-layer",
  },
  {
    text: "Client.Timeout or context cancellation while reading body",
    type: "request.timed_out",
    scope: "request",
    processed: "yes",
    leavesOpen: "deadline-names-no-layer",
  },
  { text: "Client.Timeout exceeded", type: "request.timed_out", ...REQUEST, leavesOpen: "deadline-names-no-layer" },
  {
    text: "net/http: timeout awaiting response headers",
    type: "request.timed_out",
    ...REQUEST,
    leavesOpen: "deadline-names-no-layer",
  },
  { text: "context deadline exceeded", type: "request.timed_out", ...REQUEST, leavesOpen: "deadline-names-no-layer" },
  { text: "i/o timeout", type: "tcp.timed_out", ...CONN, leavesOpen: "timeout-names-no-packet" },
  // Ends of connections without an errno
  { text: "unexpected EOF", type: "tcp.closed", ...CONN, leavesOpen: "eof-hides-goodbye" },
  { text: "Unexpected EOF", type: "tcp.closed", ...CONN, leavesOpen: "eof-hides-goodbye" },
  { text: "http: server closed idle connection", type: "tcp.closed", ...CONN },
  {
    text: "http: can't write HTTP request on broken connection",
    type: "tcp.broken_pipe",
    ...CONN,
    leavesOpen: "pipe-hides-end",
  },
  { text: "transport connection broken", type: "unknown", ...CONN },
  { text: "use of closed network connection", type: "abandoned", ...CONN, local: true },
  // Answers
  {
    text: "the server has received too many requests and has asked us to try again later",
    type: "http.retry_after",
    scope: "request",
    processed: "no",
  },
  { text: "apiserver is shutting down", type: "http.retry_after", scope: "request", processed: "no" },
  {
    text: "the server is currently unable to handle the request",
    type: "http.error",
    ...REQUEST,
    leavesOpen: "status-without-header",
  },
  { text: "the server was unable to return a response in the time allotted", type: "http.error", ...REQUEST },
  { text: "has prevented the request from succeeding", type: "http.error", ...REQUEST },
  // This client itself gave up
  { text: "net/http: request canceled", type: "abandoned", ...REQUEST, local: true },
  { text: "context canceled", type: "abandoned", ...REQUEST, local: true },
];

/** Go's `io.EOF`: the bare word at the end of an error's text, so that no other word with these letters is taken for it. */
export const BARE_EOF: GoRule = { text: "EOF", type: "tcp.closed", ...CONN, leavesOpen: "eof-hides-goodbye" };
