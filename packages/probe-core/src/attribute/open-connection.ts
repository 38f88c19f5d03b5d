import type { ConnectionId, Endpoint, EventOf, Lane, Nanos, PathName, Stamp, StreamId } from "../events/index.js";
import type { OpenRequest } from "./open-request.js";
import type { Epoch } from "./path-reach.js";

export type GoawayEvent = EventOf<"h2.goaway.received">;

/** What is known of a connection whose end is not final. Forgotten when it is. */
export interface OpenConnection {
  readonly id: ConnectionId;
  readonly path: PathName;
  readonly lane: Lane;
  readonly startedAt: Nanos;
  readonly epoch: Epoch;
  remote: Endpoint | null;
  local: Endpoint | null;
  connected: Stamp | null;
  handshakeStarted: boolean;
  secured: Stamp | null;
  /** Of the certificate that the peer showed. */
  fingerprint: string | null;
  /** It did what its lane wants of a new connection. */
  worked: boolean;
  /** The first `LIMITS.goawaysKept`. */
  readonly goaways: GoawayEvent[];
  /** The GOAWAY with the smallest last stream id so far: the one that binds (RFC 9113 §6.8). */
  bindingGoaway: GoawayEvent | null;
  /** The first GOAWAY with an error code. */
  goawayError: GoawayEvent | null;
  closeNotify: Stamp | null;
  truncated: Stamp | null;
  /** Unfinished requests on its streams, in the order they were sent. */
  readonly streams: Map<StreamId, OpenRequest>;
  /** Requests that waited for this attempt and were given up with it. */
  readonly waiting: OpenRequest[];
  /** Requests we gave up on it for reasons of our own. */
  abandoned: number;
  /** The last event of it. */
  last: Stamp;
}

export function openConnectionRecord(
  id: ConnectionId,
  path: PathName,
  lane: Lane,
  remote: Endpoint | null,
  at: Stamp,
  epoch: Epoch,
): OpenConnection {
  return {
    id,
    path,
    lane,
    startedAt: at.t,
    epoch,
    remote,
    local: null,
    connected: null,
    handshakeStarted: false,
    secured: null,
    fingerprint: null,
    worked: false,
    goaways: [],
    bindingGoaway: null,
    goawayError: null,
    closeNotify: null,
    truncated: null,
    streams: new Map(),
    waiting: [],
    abandoned: 0,
    last: at,
  };
}

/** `10.0.0.2` of `10.0.0.2:6443`, `[::1]` of `[::1]:6443`. */
export function hostOf(endpoint: Endpoint): string {
  const colon = endpoint.lastIndexOf(":");
  return colon < 0 ? endpoint : endpoint.slice(0, colon);
}
