import { NANOS_PER_SECOND, type Nanos } from "../events/index.js";

export interface ReopenPaceOptions {
  readonly ratePerSecond: number;
  /** As many may be opened at once before the rate holds. */
  readonly burst: number;
  /** 0 to 1, for the jitter. */
  readonly chance: () => number;
}

/**
 * Spreads the reopening of sessions that were lost together. The first ones open at once, so that the end of an outage is seen at
 * once; the others follow at the rate, none of them at a time that all could have computed.
 */
export class ReopenPace {
  readonly #intervalNs: Nanos;
  readonly #aheadNs: Nanos;
  readonly #chance: () => number;
  /** When the next one would be due if the rate alone counted. */
  #nextAt: Nanos = Number.NEGATIVE_INFINITY;

  constructor({ ratePerSecond, burst, chance }: ReopenPaceOptions) {
    this.#intervalNs = NANOS_PER_SECOND / ratePerSecond;
    this.#aheadNs = (burst - 1) * this.#intervalNs;
    this.#chance = chance;
  }

  /** Takes a place in the line: how long to wait, 0 for not at all. */
  take(now: Nanos): Nanos {
    const at = Math.max(this.#nextAt, now);
    this.#nextAt = at + this.#intervalNs;
    const wait = at - this.#aheadNs - now;
    // Within one place of the line: the rate stays what it is.
    return wait <= 0 ? 0 : Math.round(wait + this.#chance() * this.#intervalNs);
  }
}
