/** Each power of two is cut into this many buckets: a bucket is at most 1/32 (3.2 %) wide. */
const STEPS = 32;
const STEP_BITS = 5;
const TOP_EXPONENT = 52;
const BUCKETS = STEPS + (TOP_EXPONENT - STEP_BITS + 1) * STEPS;
const TWO_32 = 4_294_967_296;

/** Bucket of a whole number from 0 to 2^53 - 1. Exact integer arithmetic, so that every platform counts alike. */
export function bucketOf(value: number): number {
  if (value < STEPS) return value;
  const high = Math.floor(value / TWO_32);
  const exponent = high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(value >>> 0);
  const step = Math.floor(value / 2 ** (exponent - STEP_BITS)) - STEPS;
  return STEPS + (exponent - STEP_BITS) * STEPS + step;
}

/** Smallest value of a bucket. */
export function bucketFloor(bucket: number): number {
  if (bucket < STEPS) return bucket;
  const octave = Math.floor(bucket / STEPS) - 1;
  return (STEPS + (bucket % STEPS)) * 2 ** octave;
}

/** Largest value of a bucket. */
export function bucketCeiling(bucket: number): number {
  return bucketFloor(bucket + 1) - 1;
}

/** Counts of whole numbers in buckets whose width grows with the value: fixed size, whatever is recorded. */
export class LogHistogram {
  readonly #counts = new Float64Array(BUCKETS);
  readonly #sums = new Float64Array(BUCKETS);
  #count = 0;
  #max = 0;

  /** Counts a value. Negative ones count as 0, fractions are cut off. */
  record(value: number): void {
    const whole = value > 0 ? Math.min(Math.floor(value), Number.MAX_SAFE_INTEGER) : 0;
    const bucket = bucketOf(whole);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sums[bucket] = (this.#sums[bucket] ?? 0) + whole;
    this.#count += 1;
    if (whole > this.#max) this.#max = whole;
  }

  get count(): number {
    return this.#count;
  }

  /** Exact. 0 where nothing was recorded. */
  get max(): number {
    return this.#max;
  }

  /** A value that at least the share `q` of all values does not exceed: never below the true quantile, at most 1/32 above it. */
  quantile(q: number): number {
    const rank = Math.max(1, Math.ceil(q * this.#count));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      seen += this.#counts[bucket] ?? 0;
      if (seen >= rank) return Math.min(bucketCeiling(bucket), this.#max);
    }
    return this.#max;
  }

  /** Upper bound of the sum of `max(0, value - limit)` over all values; falls as `limit` grows. */
  excessOver(limit: number): number {
    let excess = 0;
    for (let bucket = bucketOf(Math.floor(limit)); bucket < BUCKETS; bucket += 1) {
      const count = this.#counts[bucket] ?? 0;
      if (count === 0) continue;
      const sum = this.#sums[bucket] ?? 0;
      const floor = bucketFloor(bucket);
      if (limit <= floor) {
        excess += sum - count * limit;
      } else {
        // The limit lies inside this bucket, where single values are no longer known: two bounds hold, the lower one is kept.
        const ceiling = Math.min(bucketCeiling(bucket), this.#max);
        excess += Math.min(count * Math.max(0, ceiling - limit), sum - count * floor);
      }
    }
    return excess;
  }
}
