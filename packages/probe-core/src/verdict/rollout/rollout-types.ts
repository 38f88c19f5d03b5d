import type { Processed, VerdictType } from "../../classify/verdict-types.js";
import type {
  BackendName,
  ConnectionId,
  Marker,
  MarkerSource,
  Nanos,
  PathName,
  RequestId,
} from "../../events/index.js";

/** What a backend is doing, in the order in which it passes through them. */
export const PHASES = [
  "serving", //               before T0, or never rolled out
  "terminating-not-ready", // from T0: /readyz is red, everything else works
  "late", //                  from T0 + 0.8 D: whoever still connects does so dangerously late
  "refusing-or-429", //       from T0 + D: the listener closes, or new requests are turned away
  "down", //                  from the end of the process, or of its listener, to the start of the next one
  "starting-not-ready", //    from the start of the process to its first green /readyz
  "ready", //                 after it
] as const;
/** One of {@link PHASES}. */
export type Phase = (typeof PHASES)[number];

/** A moment of a rollout, and how sure we are of it: it lies within ± `errorNs` of `t`, if the source's clock is right. */
export interface Moment {
  readonly t: Nanos;
  readonly errorNs: Nanos;
  readonly source: MarkerSource;
  readonly marker: Marker;
}

/** One phase of one backend. */
export interface PhaseSpan {
  readonly phase: Phase;
  /** `null` for the serving phase: it began before the run. */
  readonly from: Moment | null;
  /** `null`: its end was not seen. */
  readonly to: Nanos | null;
}

/** Requests that were open on a backend's connections when it stopped taking new ones, and those lost on them from T0 on. */
export interface InFlight {
  readonly total: number;
  /** Answered in full, whatever the status. */
  readonly completed: number;
  /** Provably not acted on, so that a client may ask elsewhere: above the last stream id, refused, 429 or 503 with Retry-After. */
  readonly turnedAway: number;
  /** Lost: cut, reset, or not answered within their deadline. */
  readonly cut: number;
  /** Given up by us: what would have become of them was not seen. */
  readonly abandoned: number;
  /** `completed / (completed + cut)`; `null` where there was neither. */
  readonly share: number | null;
}

/** A connection that the balancer sent to a backend at a telling moment. */
export interface TellingConnection {
  readonly conn: ConnectionId;
  readonly path: PathName;
  /** When TCP was established. */
  readonly t: Nanos;
}

/** One pass of one backend through the phases. */
export interface BackendRollout {
  readonly backend: BackendName;
  /** The first signal; `null` where none was seen, as after a SIGKILL. */
  readonly t0: Moment | null;
  readonly phases: readonly PhaseSpan[];
  /** D as it was: from T0 to the end of the shutdown delay. `null` where either was not seen. */
  readonly delayNs: Nanos | null;
  /** Did the whole pass lie within the run: T0 and the next green /readyz seen? */
  readonly complete: boolean;
  /** Attempts on balanced paths from its beginning to its end, whoever answered them. */
  readonly newConnectionsTried: number;
  /** New connections on balanced paths that reached this backend after T0 and before its end. */
  readonly acceptedAfterT0: number;
  /** New connections on balanced paths whose backend is known, this one or another, in the same time. */
  readonly watchedAfterT0: number;
  /** The last of those that reached it. */
  readonly lastAccepted: TellingConnection | null;
  /**
   * Attempts on balanced paths that were refused between the moment it stopped taking new ones and its first green /readyz, while no other
   * backend was under way: they were sent to it.
   */
  readonly refusedWhileAway: number;
  /**
   * From T0 to the last new connection that was sent to it, accepted or refused; 0 where none came though others were watched; `null` where nothing was
   * watched, or T0 was not seen.
   */
  readonly removalLagNs: Nanos | null;
  /** They had not ceased when the server stopped taking them: then the balancer took longer than `removalLagNs` says. */
  readonly stoppedWhileChosen: boolean;
  /** D minus the removal lag. Negative: connections still came when the delay was over. */
  readonly marginNs: Nanos | null;
  /** The first new connection on a balanced path that reached it after it was ready. */
  readonly firstAfterReady: TellingConnection | null;
  readonly reAddLagNs: Nanos | null;
  /** New connections on balanced paths that reached it between its start and its first green /readyz; `null` without watching. */
  readonly beforeReady: number | null;
  readonly inFlight: InFlight;
  /** Connections to it that ended by its own doing while it went, and of these the ones broken outside a promise. */
  readonly connectionsEnded: number;
  readonly connectionsBroken: number;
  /** Did the server itself say that connections came late? */
  readonly saidLate: boolean;
  /**
   * Of the connections that it may complain of, those that were ours: new ones on balanced paths that reached it from the beginning of
   * its late phase on. At least: the backend of a connection closed at once is not known. `null` where that phase was not seen.
   */
  readonly ownLateConnections: number | null;
  /** Times at which sources disagreed by more than both admit. */
  readonly conflicts: number;
}

/** Where a failure belongs. */
export interface Placement {
  readonly backend: BackendName | null;
  readonly phase: Phase | null;
  /** Since the T0 of that backend's rollout; before it: `null`. */
  readonly sinceT0Ns: Nanos | null;
  /**
   * `connection`: the backend of the connection is known. `time`: it is not, and at that moment exactly one backend was neither serving
   * nor ready, so this says "while", not "by". `null`: not placed.
   */
  readonly by: "connection" | "time" | null;
}

/** An incident's, by its connection. */
export interface PlacedIncident extends Placement {
  readonly conn: ConnectionId;
  readonly t: Nanos;
}

/** A failed request's. */
export interface PlacedRequest extends Placement {
  readonly request: RequestId;
  readonly conn: ConnectionId | null;
  readonly t: Nanos;
  readonly type: VerdictType;
  readonly processed: Processed;
}

/** How many failures fell into a phase of a backend. */
export interface PhaseCount {
  readonly backend: BackendName | null;
  readonly phase: Phase | null;
  readonly incidents: number;
  readonly requests: number;
  readonly unsafeToRetry: number;
}

/** Failures that a server which goes cannot spare its clients, and that no threshold counts: the objectives judge them. */
export interface AllowedFailures {
  /**
   * Attempts to connect that never worked, while a server did not listen or not serve, and connections that ended after a GOAWAY that was kept and left requests
   * provably unprocessed.
   */
  readonly incidents: number;
  /** Requests turned away by themselves, provably unprocessed, as by 429 or 503 with Retry-After. */
  readonly requests: number;
}

/** The numbers a reader wants first. Worst over all rollouts; `null` where not observed. */
export interface RolloutHeadline {
  readonly removalLagNs: Nanos | null;
  readonly reAddLagNs: Nanos | null;
  readonly beforeReady: number | null;
  readonly longestNewConnectionGapNs: Nanos | null;
  readonly longestNewConnectionGapPath: PathName | null;
  readonly inFlight: InFlight;
  readonly marginNs: Nanos | null;
  /** The D with which the balancer's slowest removal would have been over before 0.8 D. */
  readonly neededDelayNs: Nanos | null;
  /** How that was reckoned, for people. */
  readonly neededDelayArithmetic: string | null;
}

/** Whether an objective was met; `inconclusive` where too little was seen to say. */
export type ObjectiveResult = "pass" | "fail" | "inconclusive";

/** What was asked of the control plane, in the words of the report that asked it first. */
export interface Objective {
  readonly name: "new-connections-accepted" | "in-flight-requests-completed" | "no-connection-broken";
  readonly text: string;
  readonly result: ObjectiveResult;
  /** Why, with the numbers. */
  readonly why: string;
}

/** What became of writes with an unknown fate. */
export interface WritesSummary {
  /** Applied: a retry would have been wrong. */
  readonly applied: number;
  /** Not applied: a retry was needed. */
  readonly notApplied: number;
  readonly unknown: number;
}

/** The rollouts a run saw, and what they did to clients. */
export interface RolloutSummary {
  readonly headline: RolloutHeadline;
  readonly objectives: readonly Objective[];
  /** In the order in which they began. */
  readonly rollouts: readonly BackendRollout[];
  readonly byPhase: readonly PhaseCount[];
  readonly allowed: AllowedFailures;
  readonly incidents: readonly PlacedIncident[];
  readonly requests: readonly PlacedRequest[];
  /** Markers seen, by source: a source that is missing told nothing. */
  readonly markers: Readonly<Partial<Record<MarkerSource, number>>>;
  /** Connections on balanced paths whose backend was never known. */
  readonly unidentifiedConnections: number;
}

/** A backend as it looks at this moment of the log. */
export interface BackendNow {
  readonly backend: BackendName;
  readonly phase: Phase;
  readonly since: Nanos | null;
}
