import type { Nanos } from "../events/index.js";

const FIRST_WIDTH_NS = 10_000_000;

/** How many bins a series has at most: enough for a wide screen, whatever the length of the run. */
export const MAX_BINS = 4_096;

/** Counts over time, in bins of one width. When a run outgrows them, neighbours are joined and the width doubles: fixed size. */
export class TimeBins {
  #width: Nanos = FIRST_WIDTH_NS;
  readonly #counts = new Float64Array(MAX_BINS);
  #used = 0;

  get widthNs(): Nanos {
    return this.#width;
  }

  add(t: Nanos, count = 1): void {
    if (t < 0) return;
    while (t >= this.#width * MAX_BINS) this.#join();
    const bin = Math.floor(t / this.#width);
    this.#counts[bin] = (this.#counts[bin] ?? 0) + count;
    if (bin >= this.#used) this.#used = bin + 1;
  }

  /** Sum over every bin that `[from, to]` touches. */
  sum(from: Nanos, to: Nanos): number {
    const last = Math.min(this.#used - 1, Math.floor(to / this.#width));
    let sum = 0;
    for (let bin = Math.max(0, Math.floor(from / this.#width)); bin <= last; bin += 1) sum += this.#counts[bin] ?? 0;
    return sum;
  }

  /** The counts up to the last bin that has one. */
  counts(): number[] {
    return [...this.#counts.subarray(0, this.#used)];
  }

  #join(): void {
    const counts = this.#counts;
    for (let bin = 0; bin < MAX_BINS / 2; bin += 1) counts[bin] = (counts[2 * bin] ?? 0) + (counts[2 * bin + 1] ?? 0);
    counts.fill(0, MAX_BINS / 2);
    this.#used = Math.ceil(this.#used / 2);
    this.#width *= 2;
  }
}
