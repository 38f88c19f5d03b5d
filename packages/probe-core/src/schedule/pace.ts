import type { Nanos } from "../events/index.js";

/** When the operations of a lane begin. */
export interface Pace {
  /** The next operation is due then; `Infinity` where that waits for one under way to end. */
  readonly nextAt: Nanos;
  /** Operations whose time has come so far, given up ones included. */
  readonly scheduled: number;
  /** Appends the intended times that have come by `now` to `due`, and returns how many came too long ago to be started. */
  take(now: Nanos, due: Nanos[]): number;
  /** An operation ended, or could not be begun. `worked`: it did what it was for. */
  ended(now: Nanos, worked: boolean): void;
}
