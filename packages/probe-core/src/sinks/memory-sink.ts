import type { Verdict } from "../classify/verdict-types.js";
import type { LogRecord } from "../events/index.js";

/** Keeps records and verdicts in memory, the first `limit` of each. For tests and short runs. */
export class MemorySink {
  readonly #limit: number;
  readonly #records: LogRecord[] = [];
  readonly #verdicts: Verdict[] = [];
  #dropped = 0;

  /** Default: 1 000 000. */
  constructor(options: { readonly limit?: number } = {}) {
    this.#limit = options.limit ?? 1_000_000;
  }

  write(record: LogRecord): void {
    if (this.#records.length >= this.#limit) this.#dropped += 1;
    else this.#records.push(record);
  }

  appendVerdict(verdict: Verdict): void {
    if (this.#verdicts.length >= this.#limit) this.#dropped += 1;
    else this.#verdicts.push(verdict);
  }

  get records(): readonly LogRecord[] {
    return this.#records;
  }

  get verdicts(): readonly Verdict[] {
    return this.#verdicts;
  }

  /** Records and verdicts that came after it was full. */
  get dropped(): number {
    return this.#dropped;
  }
}
