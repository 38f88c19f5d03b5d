import type { Nanos } from "../events/index.js";

/**
 * How far the two clocks may drift apart, in ns per second. Linux steers both with the same hand and they differ by steps
 * only; elsewhere the wall clock may be slewed alone, by up to 500 ppm.
 */
const DRIFT_NS_PER_SECOND = process.platform === "linux" ? 1_000 : 500_000;

const MS: Nanos = 1_000_000;

/**
 * The offset between the monotonic clock and a wall clock that shows whole milliseconds, as an interval.
 *
 * Each sample (monotonic, wall, monotonic) says: at some moment between the two, the wall clock's millisecond was this one. Samples
 * are intersected, so the interval narrows with each, to microseconds when two samples enclose the turn of a millisecond. A
 * sample that contradicts the interval means that the wall clock was stepped: the interval starts anew from it. A step
 * smaller than a millisecond may go unseen for some samples.
 */
export class WallEstimate {
  readonly #baseMs: number;
  #low = Number.NEGATIVE_INFINITY;
  #high = Number.POSITIVE_INFINITY;
  #sampledAt: Nanos = 0;

  /** `baseMs`: a wall time near all samples. Offsets are kept relative to it, where a double is exact. */
  constructor(baseMs: number) {
    this.#baseMs = baseMs;
  }

  /** The wall clock showed `wallMs` at a moment in `[before, after]`. */
  add(before: Nanos, wallMs: number, after: Nanos): void {
    const shown = (wallMs - this.#baseMs) * MS;
    const low = shown - after;
    const high = shown + MS - before;
    const drift = Math.ceil((Math.max(0, after - this.#sampledAt) * DRIFT_NS_PER_SECOND) / 1e9);
    this.#sampledAt = after;
    const narrowedLow = Math.max(low, this.#low - drift);
    const narrowedHigh = Math.min(high, this.#high + drift);
    const stepped = narrowedLow > narrowedHigh;
    this.#low = stepped ? low : narrowedLow;
    this.#high = stepped ? high : narrowedHigh;
  }

  /** Half the interval's width. */
  get errorNs(): Nanos {
    return Math.ceil((this.#high - this.#low) / 2);
  }

  /** UTC at `t`: ISO 8601 with nine digits after the second. */
  wallAt(t: Nanos): string {
    const sinceBase = t + Math.round((this.#low + this.#high) / 2);
    const ms = Math.floor(sinceBase / MS);
    const nanos = sinceBase - ms * MS;
    const iso = new Date(this.#baseMs + ms).toISOString();
    return `${iso.slice(0, -1)}${String(nanos).padStart(6, "0")}Z`;
  }
}
