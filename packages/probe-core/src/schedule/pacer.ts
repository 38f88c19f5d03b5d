import { NANOS_PER_MS, NANOS_PER_SECOND, type Nanos } from "../events/index.js";
import type { Pace } from "./pace.js";

/** The first operation of a slow pacer comes within this time, whatever its interval. */
const MAX_FIRST_OFFSET_NS: Nanos = 250 * NANOS_PER_MS;

export interface PacerOptions {
  /** Operations per second; more than 0. */
  readonly ratePerSecond: number;
  readonly startNs: Nanos;
  /** Where in the first interval the first operation falls, in [0, 1). Default 0. See {@link staggeredPhase}. */
  readonly phase?: number;
  /** An operation that could not be started this long after its intended time is given up. */
  readonly maxLatenessNs: Nanos;
}

/**
 * Open-loop schedule: says which operations are due, never how the last ones went.
 *
 * The k-th intended time is computed from k and not from the one before, so hours bring no drift, and a caller that
 * was held up gets the times it missed, which makes lateness visible as lateness.
 */
export class Pacer implements Pace {
  readonly #firstNs: number;
  readonly #intervalNs: number;
  readonly #maxLatenessNs: Nanos;
  #index = 0;

  constructor(options: PacerOptions) {
    this.#intervalNs = NANOS_PER_SECOND / options.ratePerSecond;
    this.#maxLatenessNs = options.maxLatenessNs;
    this.#firstNs = options.startNs + (options.phase ?? 0) * Math.min(this.#intervalNs, MAX_FIRST_OFFSET_NS);
  }

  /** Intended time of the next operation. */
  get nextAt(): Nanos {
    return this.#intendedAt(this.#index);
  }

  /** Operations whose time has come so far, given up ones included. */
  get scheduled(): number {
    return this.#index;
  }

  /** Appends the intended times that have come by `now` to `due`, and returns how many came too long ago to be started. */
  take(now: Nanos, due: Nanos[]): number {
    let missed = 0;
    const oldest = now - this.#maxLatenessNs;
    if (this.nextAt < oldest) {
      // Counted in one step: a machine that slept for a night would otherwise loop through all of it.
      const first = Math.max(this.#index, Math.ceil((oldest - this.#firstNs) / this.#intervalNs));
      missed = first - this.#index;
      this.#index = first;
    }
    for (let next = this.nextAt; next <= now; next = this.nextAt) {
      due.push(next);
      this.#index += 1;
    }
    return missed;
  }

  ended(): void {}

  #intendedAt(index: number): Nanos {
    return Math.round(this.#firstNs + index * this.#intervalNs);
  }
}

/**
 * Phase for the n-th of several pacers: multiples of the golden ratio, so that any number of them spreads evenly over
 * an interval and lanes of one rate never fire in the same millisecond.
 */
export function staggeredPhase(ordinal: number): number {
  return (ordinal * 0.618_033_988_749_895) % 1;
}
