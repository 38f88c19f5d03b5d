import type { Nanos } from "../events/index.js";
import { backoffNs } from "./backoff.js";
import type { Pace } from "./pace.js";

/**
 * Closed loop: so many operations are under way at once, and the next begins when one has ended. It measures how fast something
 * can be done, and is blind for what the others waited: a server that stalls is asked less. After failures in a row it
 * backs off.
 */
export class ClosedLoop implements Pace {
  readonly #concurrency: number;
  #underWay = 0;
  #begun = 0;
  #failures = 0;
  #notBefore: Nanos;

  constructor(concurrency: number, startNs: Nanos) {
    this.#concurrency = concurrency;
    this.#notBefore = startNs;
  }

  get nextAt(): Nanos {
    return this.#underWay < this.#concurrency ? this.#notBefore : Number.POSITIVE_INFINITY;
  }

  get scheduled(): number {
    return this.#begun;
  }

  take(now: Nanos, due: Nanos[]): number {
    while (this.nextAt <= now) {
      due.push(now);
      this.#underWay += 1;
      this.#begun += 1;
    }
    return 0;
  }

  ended(now: Nanos, worked: boolean): void {
    this.#underWay -= 1;
    this.#failures = worked ? 0 : this.#failures + 1;
    if (!worked) this.#notBefore = now + backoffNs(this.#failures);
  }
}
