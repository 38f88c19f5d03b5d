import type { Clock } from "./clock/clock.js";
import type { Instant, KubeEvent, LogRecord, RunHeader } from "./events/index.js";
import type { StopReason } from "./probe-options.js";
import type { FoldSnapshot } from "./verdict/contract.js";
import type { SelfTestResult, Summary } from "./verdict/summary-types.js";

/** How a caller ends a run. */
export interface StopOptions {
  /** Default `run.ended`. */
  readonly reason?: StopReason;
  /** A signal from outside ended it, not the caller's own will: the log's footer says so. Default: only when `aborted`. */
  readonly bySignal?: boolean;
  /** A self-test that took place beside the run: goes into the summary. */
  readonly selfTest?: SelfTestResult;
}

/** For how long to wait. */
export interface WaitOptions {
  /**
   * Default 3 000: under the 5 000 after which most test runners give up with less to say. `Infinity` waits for as long as the
   * probe runs.
   */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A running probe. `await using probe = await createProbe(…)` stops it at the end of the scope. */
export interface Probe extends AsyncDisposable {
  /** What the run is and where its clock started: `reference.wall` turns any `t` into wall time. */
  readonly header: RunHeader;
  /**
   * Everything recorded from now on, until the probe ends or `signal` is aborted. Opened at once, before anything else is awaited after `createProbe`,
   * it begins with the header and misses nothing. Bounded; what a slow reader misses is counted in `drops`.
   */
  records(options?: { readonly signal?: AbortSignal }): AsyncIterable<LogRecord>;
  /** Puts a moment of the caller's own on the timeline. */
  mark(name: string): void;
  /**
   * Puts a fact of a companion, who looks on beside the probe, on the timeline, until `beforeFooter` has ended. `at`: when its
   * handler began, on {@link clock}.
   */
  record(fact: KubeEvent, at?: Instant): void;
  /** The run's clock. */
  readonly clock: Clock;
  /**
   * Resolves when every session lane is ready and every fresh lane has worked once: what happens from then on is the server's doing.
   * Rejects with `NOT_SETTLED` after `timeoutMs`, saying which lane has not worked and why; with the reason of `signal`; and with
   * `PROBE_STOPPED` when the probe ends before.
   */
  settled(options?: WaitOptions): Promise<void>;
  /**
   * Resolves when every connection that is open now has ended, whoever ended it: called before the server is told to go, it
   * resolves when the server has let go of all it had. Later connections are not waited for. Does not prove that they ended well.
   * Rejects with `NOT_DRAINED` after `timeoutMs`, saying which are still open and which of them had a GOAWAY; with the reason of
   * `signal`; and with `PROBE_STOPPED` when the probe ends before.
   */
  drained(options?: WaitOptions): Promise<void>;
  /** The state so far. */
  snapshot(): FoldSnapshot;
  /** Ends the observation, closes every socket, flushes the log. Calling it again gives the same summary. */
  stop(options?: StopOptions): Promise<Summary>;
  /** The summary, when the probe ended by `stop()`, `durationMs` or its signal. */
  readonly finished: Promise<Summary>;
}
