import type { OpenRequest } from "../attribute/open-request.js";
import type { EventOf } from "../events/index.js";
import { REFUSED_STREAM } from "../events/index.js";
import { groupByTrigger } from "./group-by-trigger.js";
import type { Close, Processed, VerdictType } from "./verdict-types.js";

/** The connection a request was on, or waited for, has come to its end (or the log has). */
export interface ConnectionEnded {
  readonly kind: "connection.ended";
  readonly close: Close | null;
  readonly type: VerdictType | null;
}

/** Whatever may end a request. A GOAWAY ends those above its last stream id. */
export type RequestEnd =
  | EventOf<"h2.stream.ended">
  | EventOf<"h2.rst_stream.received">
  | EventOf<"h2.protocol.error">
  | EventOf<"h2.goaway.received">
  | EventOf<"request.expired">
  | EventOf<"request.aborted">
  | EventOf<"request.unsent">
  | ConnectionEnded;

/** What a rule makes of a request: `"ok"` is counted, all else is a verdict. */
export type RequestOutcome =
  | "ok"
  | {
      readonly scope: "connection" | "request";
      /** `"connection"`: the type of the connection's verdict. */
      readonly type: VerdictType | "connection";
      readonly processed: Processed;
    };

/** One way for a request to end. The first rule that fits decides. */
export interface RequestRule {
  readonly name: string;
  readonly on: RequestEnd["kind"];
  /** What it means, in one sentence, for people. */
  readonly doc: string;
  readonly outcome: RequestOutcome;
  when(end: RequestEnd, request: OpenRequest): boolean;
}

interface RuleSpec<E> {
  readonly name: string;
  readonly doc: string;
  readonly outcome: RequestOutcome;
  when?(end: E, request: OpenRequest): boolean;
}

/** A rule on one kind of end; its predicate sees that kind only. */
function on<K extends RequestEnd["kind"]>(kind: K, spec: RuleSpec<Extract<RequestEnd, { kind: K }>>): RequestRule {
  const when: unknown = spec.when ?? (() => true);
  return { name: spec.name, on: kind, doc: spec.doc, outcome: spec.outcome, when: when as RequestRule["when"] };
}

/** Must the content be as long as content-length says (RFC 9110 §8.6: not after HEAD, nor in 204 and 304)? */
function hasLength(request: OpenRequest): request is OpenRequest & { contentLength: number } {
  const { method, status, contentLength } = request;
  return contentLength !== null && method !== "HEAD" && status !== 204 && status !== 304;
}

const answered = (_: unknown, request: OpenRequest): boolean => request.status !== null;
const byRequest = (type: VerdictType, processed: Processed): RequestOutcome => ({ scope: "request", type, processed });
const byConnection = (type: VerdictType | "connection", processed: Processed): RequestOutcome => ({
  scope: "connection",
  type,
  processed,
});
const ABANDONED = byRequest("abandoned", "maybe");
const UNSENT_ABANDONED = byRequest("abandoned", "no");

/** How requests end. Within one kind the order counts. */
export const REQUEST_RULES: readonly RequestRule[] = [
  on("h2.stream.ended", {
    name: "stream.ended.without-headers",
    doc: "END_STREAM, and no HEADERS in the log: the log lost events.",
    outcome: byRequest("unknown", "maybe"),
    when: (_, { status }) => status === null,
  }),
  on("h2.stream.ended", {
    name: "response.short",
    doc: "END_STREAM came before as many bytes as content-length had promised.",
    outcome: byRequest("http.response.truncated", "yes"),
    when: ({ bytes }, request) => hasLength(request) && bytes < request.contentLength,
  }),
  on("h2.stream.ended", {
    name: "response.long",
    doc: "More bytes than content-length had promised: a malformed response (RFC 9113 §8.1.1).",
    outcome: byRequest("h2.protocol.error", "yes"),
    when: ({ bytes }, request) => hasLength(request) && bytes > request.contentLength,
  }),
  on("h2.stream.ended", {
    name: "response.ok",
    doc: "END_STREAM on the wire, a status below 400, and the length fits.",
    outcome: "ok",
    when: (_, { status }) => status !== null && status < 400,
  }),
  on("h2.stream.ended", {
    name: "response.expected",
    doc: "A whole response whose status the request named as an answer: 500 of a /readyz that says it is not ready.",
    outcome: "ok",
    when: (_, { status, expected }) => status !== null && expected.includes(status),
  }),
  on("h2.stream.ended", {
    name: "response.retry-after",
    doc: "429 or 503 with Retry-After: the server asks to come again, and has not acted.",
    outcome: byRequest("http.retry_after", "no"),
    when: (_, { status, retryAfter }) => (status === 429 || status === 503) && retryAfter !== null,
  }),
  on("h2.stream.ended", {
    name: "response.error",
    doc: "A whole response with another status of 400 or above.",
    outcome: byRequest("http.error", "yes"),
  }),

  on("h2.rst_stream.received", {
    name: "stream.refused.answered",
    doc: "REFUSED_STREAM after HEADERS: the promise that nothing was processed is not to be trusted.",
    outcome: byRequest("h2.stream.refused", "maybe"),
    when: ({ errorCode }, { status }) => errorCode === REFUSED_STREAM && status !== null,
  }),
  on("h2.rst_stream.received", {
    name: "stream.refused",
    doc: "REFUSED_STREAM: the server has not processed it (RFC 9113 §8.7).",
    outcome: byRequest("h2.stream.refused", "no"),
    when: ({ errorCode }) => errorCode === REFUSED_STREAM,
  }),
  on("h2.rst_stream.received", {
    name: "stream.reset",
    doc: "The server reset the stream before END_STREAM.",
    outcome: byRequest("h2.stream.reset", "maybe"),
  }),
  on("h2.protocol.error", {
    name: "stream.malformed",
    doc: "The peer broke a rule of HTTP/2 on this stream alone.",
    outcome: byRequest("h2.protocol.error", "maybe"),
    when: ({ stream }) => stream !== null,
  }),

  on("h2.goaway.received", {
    name: "goaway.above.answered",
    doc: "Above the last stream id of a GOAWAY, though its HEADERS had been received: the server did act on it.",
    outcome: byConnection("h2.goaway", "yes"),
    when: answered,
  }),
  on("h2.goaway.received", {
    name: "goaway.above",
    doc: "Above the last stream id of a GOAWAY: the server has not processed it and never will (RFC 9113 §6.8).",
    outcome: byConnection("h2.goaway", "no"),
  }),

  on("request.expired", {
    name: "deadline",
    doc: "No END_STREAM within the request's deadline, on a connection that was not known to have ended.",
    outcome: byRequest("request.timed_out", "maybe"),
  }),
  on("request.aborted", {
    name: "aborted",
    doc: "We gave it up for a reason of our own.",
    outcome: ABANDONED,
  }),
  on("request.unsent", {
    name: "unsent.deadline",
    doc: "No connection could take it within its deadline.",
    outcome: byConnection("request.timed_out", "no"),
    when: ({ reason }) => reason === "deadline",
  }),
  on("request.unsent", {
    name: "unsent.connection-unknown",
    doc: "Given up with an attempt that the log does not show.",
    outcome: byConnection("unknown", "no"),
    when: ({ reason }) => reason === "connection",
  }),
  on("request.unsent", {
    name: "unsent.abandoned",
    doc: "The run ended before it was sent.",
    outcome: UNSENT_ABANDONED,
  }),

  on("connection.ended", {
    name: "unsent.run-ended",
    doc: "It waited for an attempt that worked until we ended it.",
    outcome: UNSENT_ABANDONED,
    when: (end, { stream }) => stream === null && endedByUs(end),
  }),
  on("connection.ended", {
    name: "unsent.goaway",
    doc: "It waited for an attempt that the peer ended by GOAWAY before it took a request.",
    outcome: byConnection("h2.goaway", "no"),
    when: ({ type }, { stream }) => stream === null && type === null,
  }),
  on("connection.ended", {
    name: "unsent.connection",
    doc: "It waited for an attempt that failed.",
    outcome: byConnection("connection", "no"),
    when: (_, { stream }) => stream === null,
  }),
  on("connection.ended", {
    name: "cut.by-us",
    doc: "It was open when we closed a connection that worked, or when the log ended.",
    outcome: ABANDONED,
    when: (end) => endedByUs(end),
  }),
  on("connection.ended", {
    name: "cut.answered",
    doc: "Its connection ended after its HEADERS had been received: the server did act on it.",
    outcome: byConnection("connection", "yes"),
    when: answered,
  }),
  on("connection.ended", {
    name: "cut.unanswered",
    doc: "Its connection ended before any answer: the server may have acted on it or not.",
    outcome: byConnection("connection", "maybe"),
  }),
];

/** Our own end, or none seen: nothing failed. Never so for a connection whose GOAWAY carried an error and that is gone. */
function endedByUs({ close, type }: ConnectionEnded): boolean {
  return close === "alive" || (type === null && (close === "local" || close === null));
}

const BY_KIND = groupByTrigger(REQUEST_RULES);

/** The rule by which something ends a request; `undefined` where it does not end it. */
export function requestRuleFor(end: RequestEnd, request: OpenRequest): RequestRule | undefined {
  return BY_KIND.get(end.kind)?.find((rule) => rule.when(end, request));
}

/** May a retry of a failed request do twice what it asks for? Only that of a write whose fate is not known. */
export function isUnsafeToRetry({
  method,
  processed,
}: {
  readonly method: string;
  readonly processed: Processed;
}): boolean {
  const safeMethod = method === "GET" || method === "HEAD" || method === "OPTIONS";
  return processed === "maybe" && !safeMethod;
}
