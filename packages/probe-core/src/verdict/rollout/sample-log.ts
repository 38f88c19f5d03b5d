import type { Nanos } from "../../events/index.js";

/**
 * The youngest samples of something, in the order they came, to be looked at again when a marker comes late. Keeps `few` of them,
 * and up to `many` while told to; what falls out then is counted.
 */
export class SampleLog<T extends { readonly t: Nanos }> {
  /** Samples that fell out while all were wanted. */
  dropped = 0;
  readonly #few: number;
  readonly #many: number;
  #samples: T[] = [];

  constructor(few: number, many: number) {
    this.#few = few;
    this.#many = many;
  }

  push(sample: T, keepAll: boolean): void {
    this.#samples.push(sample);
    const limit = keepAll ? this.#many : this.#few;
    // In one go, so that the work per sample stays constant.
    if (this.#samples.length < 2 * limit) return;
    const over = this.#samples.length - limit;
    if (keepAll) this.dropped += over;
    this.#samples = this.#samples.slice(over);
  }

  /** Each sample kept, oldest first. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#samples[Symbol.iterator]();
  }
}
