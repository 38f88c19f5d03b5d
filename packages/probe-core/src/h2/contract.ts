import type { H2Event, RequestId, StreamId } from "../events/index.js";
import type { ResponseTap } from "./stream.js";

type WithoutConnection<E> = E extends { conn: unknown } ? Omit<E, "conn"> : never;

/** A fact of the HTTP/2 layer that does not know yet which connection it belongs to. */
export type H2Fact =
  | WithoutConnection<Exclude<H2Event, { kind: "h2.ping.acknowledged" | "h2.ping.expired" }>>
  | H2PingAckSeen;

/** A PING with ACK came; `opaque` is its 8 bytes as hex. The session knows when it was sent. */
export interface H2PingAckSeen {
  readonly kind: "h2.ping.ack.seen";
  readonly opaque: string;
}

/** What a request needs on the wire. Build once with `encodeRequest`, send many times. */
export interface RequestHead {
  readonly method: string;
  readonly scheme: "http" | "https";
  readonly authority: string;
  readonly path: string;
  /** Lower-case names. Sensitive ones (authorization, cookie) are encoded never-indexed. */
  readonly headers: readonly (readonly [string, string])[];
}

/**
 * The client side of one HTTP/2 connection without any I/O: bytes in, facts and bytes out.
 * Implemented by `H2Client` (speaks) and in its passive part by `H2Observer` (only watches, for the `node` engine).
 */
export interface H2ClientContract {
  /** Bytes from the peer, in any cut. Appends facts in wire order. Never throws on what a peer sends. */
  receive(bytes: Uint8Array, facts: H2Fact[]): void;
  /**
   * Opens a stream and queues HEADERS (and as much of the body as flow control allows; the rest follows as windows open).
   * Returns the stream id, or 0 where none may be opened now: no SETTINGS yet, limit of concurrent streams, GOAWAY, ids used up.
   * `tap` reads the response.
   */
  request(request: RequestId, head: EncodedHead, body: Uint8Array | null, tap?: ResponseTap | null): StreamId;
  /** RST_STREAM of ours; a no-op on a closed stream. Late frames on it are swallowed (RFC 9113 §5.1). */
  reset(stream: StreamId, errorCode: number, facts: H2Fact[]): void;
  /** Queues a PING. `opaque` is 8 bytes as 16 hex digits. */
  ping(opaque: string): void;
  /** Queues GOAWAY of ours. */
  goaway(errorCode: number, facts: H2Fact[]): void;
  /** Bytes to write, or `null`. The connection preface and SETTINGS are there from the start. */
  takeOutput(): Uint8Array | null;
  /** How many more requests may be opened now. */
  readonly capacity: number;
  readonly openStreams: number;
  /** First SETTINGS received. */
  readonly ready: boolean;
  /** A GOAWAY was received: no new requests. */
  readonly draining: boolean;
  /** A connection error was found: GOAWAY is in the output, nothing more will be read. */
  readonly failed: boolean;
}

/** A header block in the form `request()` takes; opaque to callers. */
export interface EncodedHead {
  readonly block: Uint8Array;
  readonly method: string;
}
