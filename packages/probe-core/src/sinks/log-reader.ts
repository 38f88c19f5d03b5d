import { type LogLine, parseLogLine } from "../events/log-format.js";
import { LIMITS } from "../limits.js";
import { type LogSource, logChunks } from "./log-chunks.js";

export type { LogSource } from "./log-chunks.js";

/** One line of a log, as it was read. */
export interface ReadLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  readonly line: LogLine;
  /** The log ends here without a line feed: the line may be cut. */
  readonly unterminated: boolean;
}

const LINE_FEED = 0x0a;

/**
 * Reads a log line by line, plain or as gzip, with bounded memory. Empty lines are skipped. `onLine` is called for each other line:
 * millions of them come, so nothing waits between two lines of a chunk. Throws `LOG_UNREADABLE` where the source cannot be read, and
 * what `onLine` throws; whatever a line holds is told in the line.
 */
export async function readLog(source: LogSource, onLine: (read: ReadLine) => void): Promise<void> {
  const lines = new Lines(onLine);
  let broken: string | null = null;
  const note = (why: string): void => {
    broken = why;
  };
  for await (const chunk of logChunks(source, note)) lines.push(chunk);
  lines.end();
  if (broken !== null) lines.broken(broken);
}

/** Cuts chunks into lines. A chunk is decoded at once: its lines are slices of one string, which nothing keeps. */
class Lines {
  readonly #onLine: (read: ReadLine) => void;
  #number = 0;
  /** Of a line that goes on in the next chunk. */
  #rest: Buffer[] = [];
  #restBytes = 0;
  #tooLong = false;

  constructor(onLine: (read: ReadLine) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    let from = 0;
    if (this.#restBytes > 0 || this.#tooLong) {
      const feed = chunk.indexOf(LINE_FEED);
      this.#keep(chunk.subarray(0, feed < 0 ? chunk.length : feed));
      if (feed < 0) return;
      this.#line(this.#takeRest(), false);
      from = feed + 1;
    }
    const last = chunk.lastIndexOf(LINE_FEED);
    if (last >= from) {
      const text = chunk.toString("utf8", from, last + 1);
      let start = 0;
      for (let feed = text.indexOf("\n"); feed >= 0; feed = text.indexOf("\n", start)) {
        this.#line(text.slice(start, feed), false);
        start = feed + 1;
      }
      from = last + 1;
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
  }

  end(): void {
    if (this.#restBytes > 0 || this.#tooLong) this.#line(this.#takeRest(), true);
  }

  broken(why: string): void {
    const line: LogLine = { is: "corrupt", why: `what follows cannot be unpacked (${why})` };
    this.#onLine({ number: this.#number + 1, text: "", line, unterminated: false });
  }

  /** A line that is too long is not kept; it is only looked through for its end. */
  #keep(piece: Buffer): void {
    if (this.#tooLong) return;
    this.#restBytes += piece.length;
    if (this.#restBytes <= LIMITS.logLineBytes) this.#rest.push(piece);
    else {
      this.#tooLong = true;
      this.#rest = [];
    }
  }

  /** `null`: too long. */
  #takeRest(): string | null {
    const text = this.#tooLong ? null : Buffer.concat(this.#rest).toString("utf8");
    this.#rest = [];
    this.#restBytes = 0;
    this.#tooLong = false;
    return text;
  }

  #line(text: string | null, unterminated: boolean): void {
    this.#number += 1;
    const number = this.#number;
    if (text === null || (text.length * 3 > LIMITS.logLineBytes && Buffer.byteLength(text) > LIMITS.logLineBytes)) {
      this.#onLine({ number, text: "", line: { is: "corrupt", why: "too long" }, unterminated });
      return;
    }
    // A brace is no blank: most lines need not be trimmed to know.
    if (text.charCodeAt(0) !== 0x7b && text.trim() === "") return;
    this.#onLine({ number, text, line: parseLogLine(text), unterminated });
  }
}
