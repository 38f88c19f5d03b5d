import type { ClientGoSummary } from "../classify/client-go-types.js";
import type { Close, Incident, VerdictType } from "../classify/verdict-types.js";
import type { Lane, Nanos, PathName, SelfTestResult } from "../events/index.js";
import type { RolloutSummary, WritesSummary } from "./rollout/rollout-types.js";

export type { SelfTestResult } from "../events/index.js";

/** What a lane on a path did, and how small an outage it could have missed. */
export interface LaneCoverage {
  readonly path: PathName;
  readonly lane: Lane;
  /** Operations the schedule asked for; `null` where the log has no footer to tell. */
  readonly scheduled: number | null;
  /** Operations started; in the idle lane, which has none, PING answers. */
  readonly sent: number;
  /** Asked for and not started: our own loss. */
  readonly lost: number | null;
  /** Longest time in which this lane looked at nothing: neither an operation nor a PING answer. */
  readonly longestBlindGapNs: Nanos | null;
  /**
   * An outage of this length, anywhere in the run, would have met at least one operation (in lanes without a rate: a PING answer)
   * with 95 % probability.
   */
  readonly smallestOutageNs: Nanos | null;
  /** Start minus intended start. */
  readonly latenessNs: { readonly p50: Nanos; readonly p99: Nanos; readonly max: Nanos } | null;
}

/** How much was looked at, and so how small an outage could have been missed. */
export interface Coverage {
  readonly durationNs: Nanos;
  readonly lanes: readonly LaneCoverage[];
  readonly stalls: { readonly count: number; readonly longestNs: Nanos; readonly totalNs: Nanos };
  /** Sessions that were reopened later than they could have been, to spare the target; missing where there were none. */
  readonly paced?: { readonly sessions: number; readonly longestNs: Nanos };
  /** Paths whose servers' certificates were not verified, because the run was told so; missing where there were none. */
  readonly unverified?: readonly PathName[];
  /** Largest `u` of any event a verdict rests on. */
  readonly worstUncertaintyNs: Nanos;
  /** `false` where the log has no footer: the run was cut off. */
  readonly complete: boolean;
  /** Why the result is inconclusive, in words; empty when it is not. */
  readonly insufficient: readonly string[];
}

/** Per path: for how long no new connection worked. */
export interface PathSummary {
  readonly path: PathName;
  readonly newConnections: { readonly attempted: number; readonly failed: number; readonly longestGapNs: Nanos };
  readonly requests: {
    readonly total: number;
    readonly ok: number;
    readonly failed: number;
    readonly abandoned: number;
  };
  /** Connections whose local ip equals the remote ip: the packets never left the host. */
  readonly hairpin: number;
}

/** One threshold and what it saw. */
export interface ThresholdResult {
  readonly name: string;
  readonly limit: number;
  readonly seen: number;
  readonly ok: boolean;
}

/** What `--json` prints. Durations and times are integer ns. */
export interface Summary {
  readonly schema: "drainprobe.summary/1";
  readonly verdict: "pass" | "fail" | "inconclusive";
  readonly requests: {
    readonly total: number;
    readonly ok: number;
    readonly failed: number;
    readonly abandoned: number;
    /** Failed ones. */
    readonly byScope: { readonly connection: number; readonly request: number };
    /** Failed and abandoned ones. */
    readonly byType: Readonly<Partial<Record<VerdictType, number>>>;
    /** Writes with `processed: "maybe"`. */
    readonly unsafeToRetry: number;
  };
  readonly connections: {
    readonly opened: number;
    /** Attempts that never worked plus connections whose end was a failure. */
    readonly failed: number;
    readonly closed: Readonly<Record<Close, number>>;
    readonly byType: Readonly<Partial<Record<VerdictType, number>>>;
  };
  readonly incidents: readonly Incident[];
  readonly paths: readonly PathSummary[];
  readonly thresholds: readonly ThresholdResult[];
  readonly coverage: Coverage;
  readonly selfTest: SelfTestResult;
  readonly drops: Readonly<Record<string, number>>;
  /** `null` where no marker told of a rollout's moments. */
  readonly rollout?: RolloutSummary | null;
  /** What client-go would have made of the failed requests; `null` for a run that was not told that this is Kubernetes. */
  readonly clientGo?: ClientGoSummary | null;
  /** Writes with an unknown fate that were read back; `null` where none was. */
  readonly writes?: WritesSummary | null;
}

/** What the objectives of a rollout are held to. */
export interface RolloutObjectives {
  /** Longest time on a balanced path in which no new connection worked that still counts as accepted. Default 1 s. */
  readonly newConnectionGraceNs?: Nanos;
}

/** Limits a run must stay within to pass. A missing one is not checked. */
export interface Thresholds {
  /** Incidents: connections that failed, or whose GOAWAY left requests unserved. Default 0. */
  readonly maxConnectionFailures?: number;
  /** Requests that failed with `scope: "request"`. Default 0. */
  readonly maxRequestFailures?: number;
  /** Writes with `processed: "maybe"`. Default 0. */
  readonly maxUnsafe?: number;
  /** Longest time on any path in which no new connection worked. */
  readonly maxNewConnectionGapNs?: Nanos;
}
