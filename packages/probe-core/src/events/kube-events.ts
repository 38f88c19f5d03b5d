import type { ConnectionId, RequestId } from "./ids.js";
import type { Nanos } from "./time.js";

/** A backend's name as its source knows it: a node name, `ip:port`, the SHA-256 of a certificate. {@link BackendNamed} joins them. */
export type BackendName = string;

/** How a connection's backend was told. */
export type IdentifiedBy =
  | "certificate" //        the fingerprint of its certificate
  | "api" //                `GET /api` on the connection: serverAddress
  | "disruption.header"; // the `host` of OpenShift's X-OpenShift-Disruption

/** Who answered on a connection. Recorded when it is first known, and pinned to the connection from its opening on. */
export interface BackendIdentified {
  readonly kind: "backend.identified";
  readonly conn: ConnectionId;
  readonly backend: BackendName;
  readonly by: IdentifiedBy;
}

/** Two names of one backend. */
export interface BackendNamed {
  readonly kind: "backend.named";
  /** The name that markers carry, and that reports show. */
  readonly backend: BackendName;
  /** What else it goes by: `10.0.0.5:6443`, a fingerprint, a pod's name. */
  readonly alias: BackendName;
  /** Who said so: the caller, the certificate or `GET /api` on the backend's own address, or its pod. */
  readonly by: "option" | "certificate" | "api" | "pod";
}

/** Every moment of a backend's rollout that a marker can tell, in the order in which they come. */
export const MARKERS = [
  "redirect.off", //        the host stopped redirecting its own traffic to its own backend
  "termination.started", // T0: the signal was received
  "readyz.red", //          /readyz answers, and not with 200
  "late.connections", //    0.8 D: connections accepted from now on are flagged as late
  "delay.finished", //      D has passed
  "not.accepting", //       new requests are turned away, or the listener is about to close
  "drained", //             the last request that is not long-running was answered
  "listener.stopped", //    the HTTP server has stopped listening
  "terminated", //          the server's own last word
  "readyz.unreachable", //  /readyz cannot be asked: refused, reset, no answer in time
  "process.gone", //        the process is no more
  "process.started", //     a new process
  "readyz.green", //        /readyz answers 200
  "redirect.on", //         the host redirects its own traffic to its own backend again
] as const;
/** One of {@link MARKERS}. */
export type Marker = (typeof MARKERS)[number];

/** Who told a marker. */
export const MARKER_SOURCES = ["termination.log", "readyz", "process", "switch.file", "api.event", "pod"] as const;
/** One of {@link MARKER_SOURCES}. */
export type MarkerSource = (typeof MARKER_SOURCES)[number];

/** A moment of a backend's rollout, told out of band. `t` and `u` say when we saw it, `saidAt` when its source says it was. */
export interface RolloutMarker {
  readonly kind: "rollout.marker";
  readonly source: MarkerSource;
  readonly backend: BackendName;
  readonly marker: Marker;
  /** By the source's wall clock: UTC, ISO 8601. `null` where the source has no clock and was asked by us. */
  readonly saidAt: string | null;
  /**
   * How long the moment's true time may differ from what is said. With `saidAt`: it lies in `[saidAt, saidAt + resolutionNs]` of the
   * source's clock. Without: in `[t - u - resolutionNs, t]`.
   */
  readonly resolutionNs: Nanos;
  /** What the source had to add, short, printable, without secrets. */
  readonly detail: string | null;
}

/** The fate of a write that was lost with `processed: maybe`: its object was read back on another connection. */
export interface WriteResolved {
  readonly kind: "write.resolved";
  /** The write. */
  readonly request: RequestId;
  /** The connection on which its object was read back; `null` for one beside the probe, which has no number. */
  readonly conn: ConnectionId | null;
  readonly applied: "yes" | "no" | "unknown";
}

/** What the run does from here on. A run without a trigger has no phases. */
export interface RunPhase {
  readonly kind: "run.phase";
  readonly phase: "baseline" | "triggered" | "settling";
}

/** Facts that a companion of the probe records: who answers, what a rollout does, what became of writes. */
export type KubeEvent = BackendIdentified | BackendNamed | RolloutMarker | WriteResolved | RunPhase;
