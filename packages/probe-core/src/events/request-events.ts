import type { ConnectionId, Lane, PathName, RequestId, StreamId } from "./ids.js";
import type { Nanos } from "./time.js";

/**
 * A request was due and no session could take it at once: it waits for a connection attempt.
 * Requests written at once have no such event; a fresh.h2 request always has one.
 */
export interface RequestQueued {
  readonly kind: "request.queued";
  readonly request: RequestId;
  readonly path: PathName;
  readonly lane: Lane;
  readonly method: string;
  readonly url: string;
  readonly intended: Nanos;
  /** As in {@link RequestSent}. */
  readonly expected?: readonly number[];
}

/** HEADERS of the request were handed to the socket. It does not prove that the peer has them. */
export interface RequestSent {
  readonly kind: "request.sent";
  readonly request: RequestId;
  readonly conn: ConnectionId;
  readonly stream: StreamId;
  readonly path: PathName;
  readonly lane: Lane;
  readonly method: string;
  readonly url: string;
  /** When the schedule wanted it: lateness is ours, not the server's. */
  readonly intended: Nanos;
  /** Statuses of 400 and above that are an answer to this request and no failure, as its sender says. Missing: none. */
  readonly expected?: readonly number[];
}

/** A queued request was given up before it was sent. Nothing of it reached the wire. */
export interface RequestUnsent {
  readonly kind: "request.unsent";
  readonly request: RequestId;
  /** The attempt it was waiting for when that attempt ended; `null` where there was none. */
  readonly conn: ConnectionId | null;
  readonly reason: "connection" | "deadline" | "run.ended" | "aborted";
}

/** The request's deadline passed while its stream was open. We reset the stream and keep the connection. */
export interface RequestExpired {
  readonly kind: "request.expired";
  readonly request: RequestId;
  readonly conn: ConnectionId;
  readonly stream: StreamId;
  readonly timeoutNs: Nanos;
}

/** We gave the request up while its stream was open, for a reason of our own. */
export interface RequestAborted {
  readonly kind: "request.aborted";
  readonly request: RequestId;
  readonly conn: ConnectionId;
  readonly stream: StreamId;
  readonly reason: "run.ended" | "drain.timeout" | "aborted";
}

/** A held, idle, watch or slow session can take requests: its first SETTINGS were received. */
export interface SessionReady {
  readonly kind: "session.ready";
  readonly conn: ConnectionId;
  readonly path: PathName;
  readonly lane: Lane;
  /** Which of the lane's sessions, from 0. */
  readonly slot: number;
  /** The connection that held the slot before; `null` for the first. */
  readonly replaces: ConnectionId | null;
  /** From the moment the slot had no usable session (GOAWAY, FIN, RST, …) to now; `null` for the first. */
  readonly gapNs: Nanos | null;
}

/** Many sessions were lost at once: this one is reopened later than it could be, for the target's sake. */
export interface SessionPaced {
  readonly kind: "session.paced";
  readonly path: PathName;
  readonly lane: Lane;
  readonly slot: number;
  readonly delayNs: Nanos;
}

/** Facts of the requests that the probe sends. */
export type RequestEvent =
  | RequestQueued
  | RequestSent
  | RequestUnsent
  | RequestExpired
  | RequestAborted
  | SessionReady
  | SessionPaced;
