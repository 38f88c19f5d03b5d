import { closeSync, openSync, readSync } from "node:fs";

/** Follows a probe's log while it is written, for what a lab has to know before the end: does it probe, and is it quiet? */
export class LogWatch {
  readonly #path: string;
  #file: number | null = null;
  #rest = "";
  #sessions = 0;
  #failures = 0;
  #stallMs = 0;
  #closed = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** Sessions that were ever ready on the judged path or another. */
  get sessions(): number {
    return this.#sessions;
  }

  /** Connections of the judged path that failed so far. */
  get failures(): number {
    return this.#failures;
  }

  /** Reads what is new, and gives the longest time that the probe stood still since this was asked last, ms. */
  takeStallMs(): number {
    this.look();
    const longest = this.#stallMs;
    this.#stallMs = 0;
    return longest;
  }

  /** Reads what is new. */
  look(): void {
    if (this.#closed) return;
    if (this.#file === null) {
      try {
        this.#file = openSync(this.#path, "r");
      } catch {
        return;
      }
    }
    const chunk = Buffer.allocUnsafe(64 * 1024);
    for (let bytes = readSync(this.#file, chunk); bytes > 0; bytes = readSync(this.#file, chunk)) {
      const lines = (this.#rest + chunk.toString("latin1", 0, bytes)).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) this.#line(line);
    }
  }

  close(): void {
    this.#closed = true;
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #line(line: string): void {
    // A parser for what is rare alone: it follows three logs while they are written. The order of a record's fields is nobody's promise.
    if (line.includes('"kind":"session.ready"')) this.#sessions += 1;
    else if (line.includes('"kind":"process.stall"'))
      this.#stallMs = Math.max(this.#stallMs, (JSON.parse(line) as { durationNs: number }).durationNs / 1e6);
    else if (line.includes('"kind":"verdict"') && line.includes('"close":') && line.includes('"path":"vip"')) {
      if (!line.includes('"type":null')) this.#failures += 1;
    }
  }
}
