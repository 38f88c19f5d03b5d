/**
 * Integer nanoseconds since the run's epoch, on the monotonic clock.
 * Exact in a JS number for 104 days. Resolution is the clock's; accuracy is what {@link Stamped.u} says.
 */
export type Nanos = number;

/** Nanoseconds of a millisecond. */
export const NANOS_PER_MS = 1_000_000;
/** Nanoseconds of a second. */
export const NANOS_PER_SECOND = 1_000_000_000;

/** When something was seen, and how much earlier it may have happened. */
export interface Instant {
  /** When our code saw it. */
  readonly t: Nanos;
  /** Upper bound, in ns, on how much earlier the kernel may have had it: it lies in `[t - u, t]`. */
  readonly u: Nanos;
}
