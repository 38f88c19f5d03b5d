/**
 * Counts frames that bring nothing (PING, SETTINGS, empty DATA, frames on closed streams, …). Progress (content, a response
 * head) and acts of our own, which a peer answers, earn some of it back, and no more than that: a peer that sends more than it
 * earns runs out of it, however slowly, without any clock.
 */
export class FloodBudget {
  readonly #limit: number;
  readonly #earned: number;
  #spent = 0;

  constructor(limit: number, earned: number) {
    this.#limit = limit;
    this.#earned = earned;
  }

  /** `false` when the peer has gone too far. */
  spend(weight: number): boolean {
    this.#spent += weight;
    return this.#spent <= this.#limit;
  }

  /** Something useful happened; `more`: what it gives a peer reason to send beyond the usual. */
  earn(more = 0): void {
    this.#spent = Math.max(0, this.#spent - this.#earned - more);
  }
}
