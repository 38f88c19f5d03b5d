import type { Nanos } from "../events/index.js";
import type { Pace } from "./pace.js";

/** Another pace, until so many operations have had their time. */
export class Limited implements Pace {
  readonly #pace: Pace;
  readonly #count: number;
  #taken = 0;

  constructor(pace: Pace, count: number) {
    this.#pace = pace;
    this.#count = count;
  }

  get nextAt(): Nanos {
    return this.#taken < this.#count ? this.#pace.nextAt : Number.POSITIVE_INFINITY;
  }

  get scheduled(): number {
    return this.#taken;
  }

  take(now: Nanos, due: Nanos[]): number {
    if (this.#taken >= this.#count) return 0;
    const before = due.length;
    const missed = Math.min(this.#pace.take(now, due), this.#count - this.#taken);
    const begun = Math.min(due.length - before, this.#count - this.#taken - missed);
    due.length = before + begun;
    this.#taken += missed + begun;
    return missed;
  }

  ended(now: Nanos, worked: boolean): void {
    this.#pace.ended(now, worked);
  }
}
