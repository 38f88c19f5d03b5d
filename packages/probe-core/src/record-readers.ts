import type { LogRecord } from "./events/index.js";
import { LIMITS } from "./limits.js";

/** Hands every record to all who read along. A reader that does not keep up misses records; it never holds the sockets up. */
export class RecordReaders {
  readonly #readers = new Set<Reader>();
  /** What came before anybody could have asked for it, until `forgetFirst()`. */
  #first: LogRecord[] | null = [];
  #dropped = 0;
  #ended = false;

  /** Records that slow readers missed. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Until this is called, a new reader hears everything from the first record on. */
  forgetFirst(): void {
    this.#first = null;
  }

  /** A reader that hears everything from now on, until `signal` is aborted. */
  open(signal?: AbortSignal): AsyncIterable<LogRecord> {
    const abort = (): void => void reader.return();
    const reader: Reader = new Reader(() => {
      this.#readers.delete(reader);
      signal?.removeEventListener("abort", abort);
    });
    signal?.addEventListener("abort", abort, { once: true });
    for (const record of this.#first ?? []) if (!reader.push(record)) this.#dropped += 1;
    if (this.#ended) reader.end();
    else this.#readers.add(reader);
    if (signal?.aborted === true) abort();
    return reader;
  }

  push(record: LogRecord): void {
    if (this.#first !== null && this.#first.length < LIMITS.recordQueue) this.#first.push(record);
    for (const reader of this.#readers) if (!reader.push(record)) this.#dropped += 1;
  }

  /** Nothing more will come. Readers still get what waits for them. */
  end(): void {
    this.#ended = true;
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
  }
}

const DONE: IteratorResult<LogRecord> = { done: true, value: undefined };

class Reader implements AsyncIterableIterator<LogRecord> {
  readonly #onReturn: () => void;
  #waiting: LogRecord[] = [];
  #head = 0;
  #hungry: ((result: IteratorResult<LogRecord>) => void)[] = [];
  #ended = false;

  constructor(onReturn: () => void) {
    this.#onReturn = onReturn;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  push(record: LogRecord): boolean {
    const next = this.#hungry.shift();
    if (next !== undefined) {
      next({ done: false, value: record });
      return true;
    }
    if (this.#waiting.length - this.#head >= LIMITS.recordQueue) return false;
    this.#waiting.push(record);
    return true;
  }

  end(): void {
    this.#ended = true;
    this.#onReturn();
    for (const next of this.#hungry) next(DONE);
    this.#hungry = [];
  }

  next(): Promise<IteratorResult<LogRecord>> {
    const record = this.#waiting[this.#head];
    if (record !== undefined) {
      this.#head += 1;
      if (this.#head === this.#waiting.length || this.#head >= LIMITS.recordQueue) {
        this.#waiting = this.#waiting.slice(this.#head);
        this.#head = 0;
      }
      return Promise.resolve({ done: false, value: record });
    }
    if (this.#ended) return Promise.resolve(DONE);
    return new Promise((resolve) => this.#hungry.push(resolve));
  }

  return(): Promise<IteratorResult<LogRecord>> {
    this.#waiting = [];
    this.#head = 0;
    this.end();
    return Promise.resolve(DONE);
  }
}
