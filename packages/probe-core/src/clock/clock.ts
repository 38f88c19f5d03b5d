import type { Instant, Nanos } from "../events/index.js";

/** What the wall clock shows at a moment of the monotonic one. */
export interface WallReading {
  /** UTC, ISO 8601 with nine digits after the second. */
  readonly wall: string;
  /** The wall clock's reading lies within ± this of `wall`. It says nothing about how right the wall clock is. */
  readonly errorNs: Nanos;
}

/** A timer that has not run yet. */
export interface Timer {
  /** Calling it again, or after the timer ran, does nothing. */
  cancel(): void;
}

/** All time comes from here. Real: `SystemClock`. In tests: `FakeClock`. */
export interface Clock {
  /** Nanoseconds since the run's epoch. Never runs backwards. */
  now(): Nanos;
  /**
   * Now, and how much earlier whatever is being handled at this moment may have reached the kernel.
   * Take it at the beginning of a handler of the event loop, once, and use it for all that the handler records.
   *
   * `behind`: when the bytes before it on the same socket were handled. An end of file that was there with them waits for the next turn.
   */
  instant(behind?: Instant | null): Instant;
  /** The wall clock at `t` (default: now), from all samples taken so far and one taken now. */
  anchor(t?: Nanos): WallReading;
  /** Runs `run` once, not earlier than `delayNs` from now (to the millisecond). Keeps the process alive until then. */
  setTimer(delayNs: Nanos, run: () => void): Timer;
}
