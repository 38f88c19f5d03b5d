import type { ConnectionId, RequestId, StreamId } from "./ids.js";
import type { Nanos } from "./time.js";

/** SETTINGS without ACK from the peer. `settings` holds only what the frame named, by RFC 9113 §6.5.2 names in camel case. */
export interface H2SettingsReceived {
  readonly kind: "h2.settings.received";
  readonly conn: ConnectionId;
  readonly settings: Readonly<Record<string, number>>;
}

/** A GOAWAY frame. Each one is recorded, also a second and a third. */
export interface H2GoawayReceived {
  readonly kind: "h2.goaway.received";
  readonly conn: ConnectionId;
  /** 1 for the first GOAWAY of the connection. */
  readonly index: number;
  readonly lastStreamId: StreamId;
  readonly errorCode: number;
  /** Debug data as text, escaped and cut to `LIMITS.goawayDebugChars`; empty when there was none. */
  readonly debug: string;
  readonly debugBytes: number;
}

/** A RST_STREAM frame from the peer on a stream of ours. It does not prove anything about the connection. */
export interface H2RstStreamReceived {
  readonly kind: "h2.rst_stream.received";
  readonly conn: ConnectionId;
  readonly stream: StreamId;
  readonly request: RequestId | null;
  readonly errorCode: number;
}

/** The peer answered our PING. */
export interface H2PingAcknowledged {
  readonly kind: "h2.ping.acknowledged";
  readonly conn: ConnectionId;
  readonly rttNs: Nanos;
}

/** The oldest open PING was not answered, and nothing else came from the peer either, for the PING timeout. We close after it. */
export interface H2PingExpired {
  readonly kind: "h2.ping.expired";
  readonly conn: ConnectionId;
  readonly waitedNs: Nanos;
}

/** The final (not 1xx) response header block of a stream, decoded. */
export interface H2HeadersReceived {
  readonly kind: "h2.headers.received";
  readonly conn: ConnectionId;
  readonly stream: StreamId;
  readonly request: RequestId | null;
  readonly status: number;
  readonly endStream: boolean;
  /** `content-length` as a number, or `null` where the response had none. */
  readonly contentLength: number | null;
  /** `retry-after` verbatim, cut to 64 characters, or `null`. */
  readonly retryAfter: string | null;
}

/** The first DATA frame of a stream with at least one byte of content. */
export interface H2DataReceived {
  readonly kind: "h2.data.received";
  readonly conn: ConnectionId;
  readonly stream: StreamId;
  readonly request: RequestId | null;
}

/** END_STREAM from the peer was seen on the wire: the response is whole as far as HTTP/2 goes. Only this makes a request complete. */
export interface H2StreamEnded {
  readonly kind: "h2.stream.ended";
  readonly conn: ConnectionId;
  readonly stream: StreamId;
  readonly request: RequestId | null;
  /** Content bytes received in DATA frames, padding left out. */
  readonly bytes: number;
}

/** We reset a stream: a deadline passed, a request was aborted, or the peer broke a rule on it. */
export interface H2RstStreamSent {
  readonly kind: "h2.rst_stream.sent";
  readonly conn: ConnectionId;
  readonly stream: StreamId;
  readonly request: RequestId | null;
  readonly errorCode: number;
}

/** We sent GOAWAY. */
export interface H2GoawaySent {
  readonly kind: "h2.goaway.sent";
  readonly conn: ConnectionId;
  readonly errorCode: number;
}

/** The peer broke a rule a client must enforce. With `stream: null` the connection ends by it, else only that stream. */
export interface H2ProtocolError {
  readonly kind: "h2.protocol.error";
  readonly conn: ConnectionId;
  readonly stream: StreamId | null;
  readonly request: RequestId | null;
  /** RFC 9113 §7 code we answer with. */
  readonly errorCode: number;
  /** The rule, as RFC and section: `RFC 9113 §6.5.2`. */
  readonly rule: string;
  /** What the peer did, in a few words of ours; never bytes of the peer. */
  readonly message: string;
}

/** Facts of the HTTP/2 layer. */
export type H2Event =
  | H2SettingsReceived
  | H2GoawayReceived
  | H2RstStreamReceived
  | H2PingAcknowledged
  | H2PingExpired
  | H2HeadersReceived
  | H2DataReceived
  | H2StreamEnded
  | H2RstStreamSent
  | H2GoawaySent
  | H2ProtocolError;
