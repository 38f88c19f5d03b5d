import type { ClientGoFate } from "./client-go-types.js";
import type { RequestVerdict, VerdictType } from "./verdict-types.js";

/** What client-go makes of one kind of failure. */
export interface ClientGoRule {
  readonly name: string;
  readonly when: (verdict: RequestVerdict) => boolean;
  /** As a GET. */
  readonly get: ClientGoFate;
  /** As a POST with a body in memory, as client-go sends objects. */
  readonly post: ClientGoFate;
  /** How long a caller waits before client-go knows of the failure, in seconds, where that is longer than ours was. */
  readonly noticedAfterS: number;
  readonly doc: string;
  /** Where this is decided: module, file and function, read at Kubernetes 1.36 (x/net 0.49). */
  readonly source: string;
}

const REQUEST_GO = "k8s.io/client-go rest/request.go request(): isErrRetryableFunc";
const NET_UTIL = "k8s.io/apimachinery pkg/util/net: IsConnectionReset, IsProbableEOF, IsHTTP2ConnectionLost";
const H2_TRANSPORT = "golang.org/x/net http2/transport.go";

const is =
  (...types: readonly VerdictType[]) =>
  ({ type }: RequestVerdict): boolean =>
    types.includes(type);
const dialing = (type: VerdictType) => (verdict: RequestVerdict) => verdict.stream === null && verdict.type === type;

/** The first rule that fits decides. The last one fits all. */
export const CLIENT_GO_RULES: readonly ClientGoRule[] = [
  {
    name: "not-simulated",
    when: is("abandoned", "local.resources", "unknown"),
    get: "not-simulated",
    post: "not-simulated",
    noticedAfterS: 0,
    doc: "We gave it up, could not send it, or the evidence does not tell.",
    source: "",
  },
  {
    name: "retry-after",
    when: is("http.retry_after"),
    get: "retried",
    post: "retried",
    noticedAfterS: 0,
    doc: "429 or 5xx with Retry-After: asked again after that long, up to ten times, whatever the verb.",
    source: "k8s.io/client-go rest/with_retry.go: IsNextRetry, checkWait",
  },
  {
    name: "goaway.above",
    when: ({ type, processed }) => type === "h2.goaway" && processed === "no",
    get: "unseen",
    post: "unseen",
    noticedAfterS: 0,
    doc: "Above the last stream id of a GOAWAY: the transport sends it again on a new connection, with its body.",
    source: `${H2_TRANSPORT}: setGoAway, canRetryError, shouldRetryRequest`,
  },
  {
    name: "stream.refused",
    when: ({ type, processed }) => type === "h2.stream.refused" && processed === "no",
    get: "unseen",
    post: "unseen",
    noticedAfterS: 0,
    doc: "REFUSED_STREAM: the transport sends it again.",
    source: `${H2_TRANSPORT}: canRetryError`,
  },
  {
    name: "dial.refused",
    when: dialing("tcp.refused"),
    get: "error",
    post: "error",
    noticedAfterS: 0,
    doc: "Connection refused while connecting is no reset and no EOF: not retried, also for GET.",
    source: `${REQUEST_GO}; ${NET_UTIL}`,
  },
  {
    name: "dial.timed_out",
    when: dialing("tcp.timed_out"),
    get: "error",
    post: "error",
    noticedAfterS: 30,
    doc: "No answer while connecting: the dialer gives up after 30 s, and that is not retried.",
    source: "k8s.io/client-go transport/cache.go: net.Dialer",
  },
  {
    name: "dial.tls.timed_out",
    when: dialing("tls.timed_out"),
    get: "error",
    post: "error",
    noticedAfterS: 10,
    doc: "No answer in the TLS handshake: given up after 10 s, and not retried.",
    source: "k8s.io/client-go transport/cache.go: TLSHandshakeTimeout",
  },
  {
    name: "dial.reset",
    when: dialing("tcp.reset"),
    get: "retried",
    post: "error",
    noticedAfterS: 0,
    doc: "Reset while connecting, as in the accept backlog: retried for GET.",
    source: `${REQUEST_GO}; ${NET_UTIL}`,
  },
  {
    name: "dial.closed",
    when: dialing("tcp.closed"),
    get: "retried",
    post: "error",
    noticedAfterS: 0,
    doc: "Closed in the TLS handshake: an EOF, retried for GET.",
    source: `${REQUEST_GO}; ${NET_UTIL}`,
  },
  {
    name: "waits",
    when: is("request.timed_out", "h2.settings.timed_out"),
    get: "waits",
    post: "waits",
    noticedAfterS: 0,
    doc: "Our own deadline: a connection that answers PING but no request is waited for as long as the caller likes.",
    source: `${H2_TRANSPORT}: RoundTrip`,
  },
  {
    name: "answered",
    when: ({ type, status }) => status !== null && type !== "http.error",
    get: "error",
    post: "error",
    noticedAfterS: 0,
    doc: "Cut after its HEADERS: reading the body fails, and nothing asks again, also for GET.",
    source: "k8s.io/client-go rest/request.go: transformResponse",
  },
  {
    name: "http.error",
    when: is("http.error"),
    get: "error",
    post: "error",
    noticedAfterS: 0,
    doc: "A whole answer with an error status, and no Retry-After.",
    source: "k8s.io/client-go rest/request.go: transformResponse",
  },
  {
    name: "broken_pipe",
    when: is("tcp.broken_pipe"),
    get: "error",
    post: "error",
    noticedAfterS: 0,
    doc: "Written to a connection that had ended: EPIPE is no reset and no EOF, so not retried, also for GET.",
    source: `${REQUEST_GO}; ${NET_UTIL}`,
  },
  {
    name: "silent",
    when: is("h2.ping.timed_out"),
    get: "retried",
    post: "error",
    noticedAfterS: 45,
    doc: "Silence: noticed by the transport's PING after 30 s and 15 s (not at all before 1.20), retried for GET.",
    source: `k8s.io/apimachinery pkg/util/net/http.go: configureHTTP2Transport; ${NET_UTIL}`,
  },
  {
    name: "cut",
    when: is("tcp.closed", "tcp.reset", "h2.goaway"),
    get: "retried",
    post: "error",
    noticedAfterS: 0,
    doc: "FIN or RST before the answer, with a GOAWAY or without: an unexpected EOF, retried for GET after 1 s.",
    source: `${REQUEST_GO}; ${NET_UTIL}; ${H2_TRANSPORT}: cleanup`,
  },
  {
    name: "error",
    when: () => true,
    get: "error",
    post: "error",
    noticedAfterS: 0,
    doc: "Anything else goes to the caller: RST_STREAM, a broken protocol, TLS, names, routes.",
    source: REQUEST_GO,
  },
];

/** client-go retries so many times. */
export const CLIENT_GO_RETRIES = 10;
/** It makes up a Retry-After of one second where the server sent none. */
export const CLIENT_GO_RETRY_S = 1;

const LAST_RULE = CLIENT_GO_RULES.at(-1) as ClientGoRule;

/** What decides about a failed request. */
export function clientGoRule(verdict: RequestVerdict): ClientGoRule {
  return CLIENT_GO_RULES.find((rule) => rule.when(verdict)) ?? LAST_RULE;
}
