import type { Incident, Verdict } from "../classify/verdict-types.js";
import type { Lane, LogRecord, Nanos, PathName } from "../events/index.js";
import type { BackendNow } from "./rollout/rollout-types.js";
import type { RolloutObjectives, SelfTestResult, Summary, Thresholds } from "./summary-types.js";

/** Options of {@link createFold}. */
export interface FoldOptions {
  readonly thresholds?: Thresholds;
  /** What a rollout is held to, if markers tell of one. */
  readonly objectives?: RolloutObjectives;
  /** Called once for each verdict, in an order that depends on the log alone. */
  readonly onVerdict?: (verdict: Verdict) => void;
  /** Called when an incident is complete: its connection is closed and its casualties are known. */
  readonly onIncident?: (incident: Incident) => void;
}

/**
 * Folds a log, record by record, into verdicts and a summary. Streaming, bounded memory, pure: the same records in
 * the same order give the same verdicts, live or years later. Accepts any prefix of a log.
 */
export interface Fold {
  push(record: LogRecord): void;
  /** A look at the state so far, cheap enough to call four times a second. */
  snapshot(): FoldSnapshot;
  /** The end of the records: gives the verdicts still open (`alive`, `abandoned`) and the summary. Call once. */
  finish(extra?: { readonly selfTest?: SelfTestResult; readonly drops?: Readonly<Record<string, number>> }): Summary;
}

/** What a fold knows by now. */
export interface FoldSnapshot {
  readonly t: Nanos;
  readonly requests: {
    readonly total: number;
    readonly ok: number;
    readonly failed: number;
    readonly inFlight: number;
  };
  readonly connections: { readonly opened: number; readonly open: number; readonly failed: number };
  readonly incidents: number;
  /** What was dropped so far, by name; without zeros. */
  readonly drops: Readonly<Record<string, number>>;
  readonly lastIncident: Incident | null;
  readonly lanes: readonly {
    readonly path: PathName;
    readonly lane: Lane;
    readonly sent: number;
    readonly open: number;
    readonly failed: number;
  }[];
  /** Backends of which markers tell; empty without. */
  readonly backends?: readonly BackendNow[];
}
