import type { Close, VerdictType } from "../classify/verdict-types.js";
import type { Nanos, PathName } from "../events/index.js";

/** What a rule may know of one failure. `null`: not observed. */
export interface FailureFact {
  /** A connection that stood, an attempt that never became one, or a request by itself. */
  readonly of: "connection" | "attempt" | "request";
  readonly type: VerdictType;
  readonly close: Close | null;
  readonly closeNotify: boolean | null;
  /** It stayed on its own host: local IP equal to remote IP (loopback apart), or the paths of several nodes show it. */
  readonly hairpin: boolean | null;
  readonly path: PathName | null;
  /** Through the balancer; `false` for a direct path. */
  readonly balanced: boolean | null;
  /** When, ns on any one clock of the facts. */
  readonly t: Nanos;
  readonly sinceT0Ns: Nanos | null;
  /** Within 5 s, or a quarter of it, of the end of the shutdown delay of its backend, or of any where that is not known. */
  readonly atDelayEnd: boolean | null;
  /** After T0 of that backend, and before what counts as the end of its shutdown delay. */
  readonly inDelay: boolean | null;
  /** Its backend was there to serve; `null` where that is not known by the connection itself. */
  readonly wasWell: boolean | null;
  /** Connections, attempts or requests that it stands for. */
  readonly count: number;
}

/** What the catalogue is matched against: made of a run's summary or of an explanation, which observe different things. */
export interface CatalogueFacts {
  readonly from: "run" | "explanation";
  readonly failures: readonly FailureFact[];
  /** Attempts to connect, by path; empty where a log does not tell them. */
  readonly paths: readonly {
    readonly path: PathName;
    readonly balanced: boolean;
    readonly attempted: number;
    readonly failed: number;
  }[];
  /** `null` where no marker tells of a rollout. */
  readonly rollout: {
    /** Worst of all backends: D minus the time in which new connections still came. */
    readonly marginNs: Nanos | null;
    readonly stoppedWhileChosen: boolean;
    readonly beforeReady: number | null;
    /** Worst of all backends: from the end of the shutdown delay to the end of the process. */
    readonly drainNs: Nanos | null;
    /** Requests of ours that were open when a backend stopped taking new ones. */
    readonly openAtStop: number;
  } | null;
}

/** A condition of a signature. */
export interface Condition {
  readonly text: string;
  /** `null`: these facts cannot tell. */
  readonly holds: (facts: CatalogueFacts) => boolean | null;
}

/** A failure of the field that somebody has understood. */
export interface Signature {
  readonly id: string;
  readonly title: string;
  /** Without it there is no match. */
  readonly core: Condition;
  /** One that does not hold rules the signature out; one that cannot be told makes the match weaker. */
  readonly conditions: readonly Condition[];
  readonly cause: string;
  readonly fix: string;
  readonly references: readonly string[];
  /** Nothing that anybody should mend: it is told after all that should. */
  readonly harmless?: true;
}

/** A signature that fits, and how well. */
export interface SignatureMatch {
  readonly id: string;
  readonly title: string;
  /** `full`: every condition was seen to hold. `partial`: some could not be told. */
  readonly match: "full" | "partial";
  /** Nothing that anybody should mend. */
  readonly harmless: boolean;
  readonly held: readonly string[];
  readonly notObserved: readonly string[];
  readonly cause: string;
  readonly fix: string;
  readonly references: readonly string[];
}
