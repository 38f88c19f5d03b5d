import type { Duplex } from "node:stream";
import type { ConnectionOptions, SecureContext } from "node:tls";
import type {
  BackendIdentified,
  ConnectionId,
  Endpoint,
  Fact,
  Instant,
  Lane,
  LocalCloseReason,
  Nanos,
  PathName,
} from "../events/index.js";
import type { RequestTemplate } from "./request-template.js";
import type { H2WireFact } from "./stamp.js";

/** Stamps a fact and hands it to every listener, in order. The only place where `seq`, `t` and `u` are given. */
export interface Recorder {
  /** `at`: the instant its handler began, where one handler yields several facts. Times never run backwards. */
  record(fact: Fact, at?: Instant): void;
}

/** What sessions record with. */
export interface WireRecorder extends Recorder {
  /** The same for a fact that does not name its connection. */
  recordOn(conn: ConnectionId, fact: H2WireFact, at: Instant): void;
}

/** Where a path leads, with names resolved and credentials loaded. */
export interface Target {
  readonly path: PathName;
  /** `https:` or `http:` (h2c with prior knowledge). */
  readonly url: URL;
  /** Connect here instead of resolving `url.hostname`. */
  readonly connectTo: { readonly host: string; readonly port: number } | null;
  readonly tls: TargetTls | null;
  /** Asked first on each session of held, idle, watch and slow; fresh.h2 asks it where no other request is given. */
  readonly identity?: IdentityQuestion | null;
}

/** A request that tells which backend answers, and how to read the answer. Made by whoever knows the service. */
export interface IdentityQuestion {
  readonly template: RequestTemplate;
  /** What the response says. Fields by lower-case name; content of a 200 only. Must not throw. */
  read(response: { readonly fields: ReadonlyMap<string, string>; readonly content: string }): readonly BackendClaim[];
}

/** Who a backend said it is. */
export type BackendClaim = Omit<BackendIdentified, "kind" | "conn">;

/** How TLS is spoken on a path. */
export interface TargetTls {
  /** Shared by all connections; asked for at each new one, so that rotated files are picked up. */
  readonly secureContext: () => SecureContext;
  readonly serverName: string | null;
  readonly verify: boolean;
  /** Further options for `tls.connect`, such as `minVersion`. */
  readonly extra?: Readonly<ConnectionOptions>;
}

/** What one attempt to connect is for, and how far it goes. */
export interface OpenOptions {
  readonly lane: Lane;
  readonly intended: Nanos | null;
  /**
   * How far to go before `onReady`: `tcp` (connected), `hello` (the ClientHello was answered, and no further), `tls` (handshake done).
   * For `http:` all are `tcp`.
   */
  readonly until: "tcp" | "hello" | "tls";
  readonly connectTimeoutNs: Nanos;
}

/** What a session hears from its connection. The facts are recorded before the call. */
export interface ConnectionListener {
  /** Ready for plaintext. */
  onReady(at: Instant): void;
  /** Plaintext from the peer. */
  onBytes(bytes: Uint8Array, at: Instant): void;
  /**
   * Nothing more will come: the attempt failed, or close_notify, FIN, RST or an error was seen. Called once.
   * After it the witness closes its side by itself.
   */
  onEnded(at: Instant): void;
  /** The socket is gone; `tcp.closed` is recorded (or the attempt never had a socket). Called once, last. */
  onClosed(at: Instant): void;
}

/** One witnessed connection: raw socket, TLS on it, plaintext on top. Facts of the tcp and tls layers are its own affair. */
export interface WitnessedConnection {
  readonly id: ConnectionId;
  readonly local: Endpoint | null;
  readonly remote: Endpoint | null;
  readonly alpn: string | null;
  write(bytes: Uint8Array): void;
  /** Bytes accepted by `write` and not yet taken by the kernel. */
  readonly queuedBytes: number;
  /** close_notify and FIN, then waits for the peer's end, at most `LIMITS.closeTimeoutMs`; then RST. */
  close(reason: LocalCloseReason): void;
  /** RST at once. */
  destroy(reason: LocalCloseReason): void;
  /** A Duplex carrying the plaintext, for node:http2. Bytes still reach `onBytes` as they pass. */
  duplex(): Duplex;
}
