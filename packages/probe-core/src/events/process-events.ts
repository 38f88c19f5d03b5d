import type { Lane, PathName } from "./ids.js";
import type { Nanos } from "./time.js";

/** The monotonic and the wall clock, read together. */
export interface ClockAnchor {
  readonly kind: "clock.anchor";
  /** UTC, ISO 8601 with nine digits after the second, of the event's `t`. */
  readonly wall: string;
  /** The wall clock's true reading lies within ± this of `wall`. It says nothing about how right the wall clock is. */
  readonly errorNs: Nanos;
}

/** Our event loop did not come round for this long, ending at `t`. What happened meanwhile is dated by `u`. */
export interface ProcessStall {
  readonly kind: "process.stall";
  readonly durationNs: Nanos;
}

/** Scheduled work that was not done, so that coverage can be honest. */
export interface ScheduleMissed {
  readonly kind: "schedule.missed";
  readonly path: PathName;
  readonly lane: Lane;
  readonly count: number;
  readonly reason: "in-flight.limit" | "connection.limit" | "overrun" | "local.resources";
}

/** A moment that the caller put on the timeline. */
export interface RunMark {
  readonly kind: "run.mark";
  readonly name: string;
}

/** Facts about the probe itself. */
export type ProcessEvent = ClockAnchor | ProcessStall | ScheduleMissed | RunMark;
