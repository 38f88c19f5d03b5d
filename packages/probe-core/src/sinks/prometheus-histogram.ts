import type { Nanos } from "../events/index.js";

/** Upper bounds of a histogram's buckets in seconds, ascending; `+Inf` is always there and not named. */
export type Buckets = readonly number[];

const NANOS_PER_SECOND = 1e9;

/** Counts durations in buckets given once: fixed memory, whatever is observed. */
export class PrometheusHistogram {
  readonly #boundsNs: Float64Array;
  /** Of each bucket alone; the last one is `+Inf`. */
  readonly #counts: Float64Array;
  #sumNs = 0;

  constructor(buckets: Buckets) {
    this.#boundsNs = Float64Array.from(buckets, (seconds) => seconds * NANOS_PER_SECOND);
    this.#counts = new Float64Array(buckets.length + 1);
  }

  /** A bound belongs to its bucket, as `le` says. A negative duration counts as none. */
  observe(duration: Nanos): void {
    const bounds = this.#boundsNs;
    let bucket = 0;
    while (bucket < bounds.length && duration > (bounds[bucket] ?? 0)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    if (duration > 0) this.#sumNs += duration;
  }

  /** What Prometheus wants: for each bound the number of observations at or below it, the last one being all of them. */
  cumulative(): number[] {
    let below = 0;
    return Array.from(this.#counts, (count) => {
      below += count;
      return below;
    });
  }

  get sumSeconds(): number {
    return this.#sumNs / NANOS_PER_SECOND;
  }
}
