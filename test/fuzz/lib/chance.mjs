/** Seeded random numbers: the same seed, the same inputs. */
export class Chance {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** 0 to before 2^32. */
  bits() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return (x ^ (x >>> 14)) >>> 0;
  }

  below(limit) {
    return this.bits() % limit;
  }

  pick(items) {
    return items[this.below(items.length)];
  }
}
