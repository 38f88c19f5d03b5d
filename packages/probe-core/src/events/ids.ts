/** A connection attempt and whatever became of it. 1-based, unique in a run, given when the attempt starts. */
export type ConnectionId = number;

/** A request, from its intended start on. 1-based, unique in a run. */
export type RequestId = number;

/** HTTP/2 stream identifier (RFC 9113 §5.1.1). Ours are odd. */
export type StreamId = number;

/** Position of an event in the log. 1-based, without gaps within one log. */
export type Seq = number;

/** `ip:port`, IPv6 in brackets: `10.0.0.6:52950`, `[::1]:6443`. */
export type Endpoint = string;

/** Name the user gave to one way to the service: `vip`, `local`, `peer-1`, … */
export type PathName = string;

/** What a connection is for. Several lanes run at once on each path. */
export type Lane =
  | "held" //      long-lived HTTP/2 sessions carrying requests
  | "idle" //      long-lived HTTP/2 sessions carrying PING only
  | "fresh.tcp" // connect, then close
  | "fresh.hello" // connect and ClientHello, closed when it is answered
  | "fresh.tls" // connect and handshake, then close
  | "fresh.h2" //  a new connection for each request
  | "watch" //     long-running streams that should end with END_STREAM
  | "slow"; //     long requests meant to be in flight at shutdown

/** Every lane, in the order reports show them. */
export const LANES: readonly Lane[] = [
  "held",
  "idle",
  "fresh.tcp",
  "fresh.hello",
  "fresh.tls",
  "fresh.h2",
  "watch",
  "slow",
];
