import type { ProbeEvent } from "./event.js";
import type { Lane, PathName } from "./ids.js";
import type { Nanos } from "./time.js";

/** Version of the log format this code writes. A reader refuses a higher one. */
export const LOG_FORMAT = 1;

/** First line of a log. */
export interface RunHeader {
  readonly kind: "run.header";
  readonly format: typeof LOG_FORMAT;
  /** Random, unique: two logs with the same id are the same run. */
  readonly run: string;
  /** Which part of a log in parts begins here, from 2; not there in a log that is whole, or in its first part. */
  readonly part?: number;
  readonly node: string;
  readonly reference: {
    /** The monotonic clock at `t = 0`, in ns, as text (it may exceed 2^53). */
    readonly monotonicEpochNs: string;
    /** Wall time at `t = 0`: UTC, ISO 8601, nine digits after the second. */
    readonly wall: string;
    readonly wallErrorNs: Nanos;
    /** The constant inside every `u` that stands for the kernel's own delay. */
    readonly kernelDelayNs: Nanos;
  };
  /** The options of the run, secrets removed. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What the run was made with: drainprobe, node, openssl, kernel, arch. */
  readonly versions: Readonly<Record<string, string>>;
  /** Addresses of this host, without link-local ones. */
  readonly addresses: readonly string[];
  /** What was scheduled, so that a reader knows what coverage to expect. */
  readonly lanes: readonly LanePlan[];
  /** The self-test made before the run, by whoever made it; missing where nobody did. */
  readonly selfTest?: SelfTestResult;
}

/** Was the instrument proven before it was used: faults injected, and each named rightly. */
export interface SelfTestResult {
  readonly ran: boolean;
  readonly passed: boolean | null;
  readonly scenarios: number;
  readonly failures: readonly string[];
  readonly durationNs: Nanos | null;
}

/** What one lane on one path was asked to do. */
export interface LanePlan {
  readonly path: PathName;
  readonly lane: Lane;
  readonly url: string;
  /** Operations per second; 0 where the lane has none (idle, and fresh lanes in a closed loop). */
  readonly ratePerSecond: number;
  /** Long-lived sessions; of a fresh lane in a closed loop, how many attempts are under way at once. */
  readonly sessions: number;
  readonly pingIntervalNs: Nanos;
}

/** Written when the observation ended in an orderly way. A log without one was cut off. */
export interface RunFooter {
  readonly kind: "run.footer";
  readonly t: Nanos;
  readonly events: number;
  /** Operations the schedule asked for, by `path/lane`. */
  readonly scheduled: Readonly<Record<string, number>>;
  readonly drops: Readonly<Record<string, number>>;
  /** Why it ended: `duration`, `signal`, `stopped`, `error`. */
  readonly reason: string;
}

/** Everything a log may hold, verdicts apart: those can always be recomputed. */
export type LogRecord = RunHeader | ProbeEvent | RunFooter;
