import type { Sample } from "./sample.js";

/** Counts operations and measures what they cost this process, from now until so many have ended. */
export class Meter {
  readonly #ops: number;
  readonly #done: () => void;
  #ended = 0;
  #failed = 0;
  readonly #cpu = process.cpuUsage();
  readonly #startedMs = performance.now();
  #sample: Sample | null = null;
  readonly finished: Promise<void>;

  constructor(ops: number) {
    this.#ops = ops;
    let done: () => void = () => {};
    this.finished = new Promise((resolve) => {
      done = resolve;
    });
    this.#done = done;
  }

  /** One operation ended. */
  count(worked: boolean): void {
    if (this.#sample !== null) return;
    this.#ended += 1;
    if (!worked) this.#failed += 1;
    if (this.#ended < this.#ops) return;
    const { user, system } = process.cpuUsage(this.#cpu);
    this.#sample = {
      ops: this.#ops - this.#failed,
      failed: this.#failed,
      wallMs: performance.now() - this.#startedMs,
      userMs: user / 1000,
      systemMs: system / 1000,
    };
    this.#done();
  }

  get sample(): Sample {
    if (this.#sample === null) throw new Error("not finished");
    return this.#sample;
  }
}
