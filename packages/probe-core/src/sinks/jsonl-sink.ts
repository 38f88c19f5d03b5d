import { encodeVerdict } from "../classify/encode-verdict.js";
import type { Verdict } from "../classify/verdict-types.js";
import { backgroundTimer, pause } from "../clock/background-timer.js";
import type { Timer } from "../clock/clock.js";
import type { LogRecord, RunHeader } from "../events/index.js";
import { LIMITS } from "../limits.js";
import { AppendFile } from "./append-file.js";
import { type ExitFlushable, flushAtExit, forgetAtExit } from "./exit-flush.js";
import { LineQueue } from "./line-queue.js";
import { LogParts } from "./log-parts.js";
import { VerdictStore } from "./verdict-store.js";

/** Options of {@link openJsonlSink}. */
export interface JsonlSinkOptions {
  /** Write over an existing file. Default `false`: that is refused. */
  readonly overwrite?: boolean;
  /** Log bytes that may wait for the disk. Default `LIMITS.logBacklogBytes`. */
  readonly backlogBytes?: number;
  /** Bytes of verdicts kept for the end. Default `LIMITS.verdictBytes`. */
  readonly verdictBytes?: number;
  /**
   * Most bytes that the log may take on the disk. It is then written in parts: finished ones are packed as `FILE.0001.gz`, and the
   * oldest are removed when all are too many. Each part begins with the run's header. Default: no bound, and one file.
   */
  readonly maxBytes?: number;
}

/** How a log ended. */
export interface JsonlSinkResult {
  /** Records that are not in the log: the backlog was full, or the disk took them never. */
  readonly droppedEvents: number;
  /** Verdicts over the bound; they can be recomputed from the log. */
  readonly droppedVerdicts: number;
  /** Bytes that were encoded and could not be written at the end. */
  readonly lostBytes: number;
  /** Parts that were removed to stay below `maxBytes`. */
  readonly removedParts: number;
  /** Code of the last failed write (`ENOSPC`, `EIO`, …), also where a later one succeeded; `null` if none failed. */
  readonly failed: string | null;
}

/**
 * Writes a log, one record a line. `write` only encodes and queues: the disk is waited for elsewhere, at most one write at a time,
 * begun at most `LIMITS.flushIntervalMs` after the record came. A failing disk is tried again at each flush; it is reported by
 * `close()` and never thrown.
 */
export interface JsonlSink {
  write(record: LogRecord): void;
  /** Keeps a verdict for the end of the log: verdicts are written by `close()`, after all records. */
  appendVerdict(verdict: Verdict): void;
  /** Records dropped so far. */
  readonly droppedEvents: number;
  /** Verdicts dropped so far. */
  readonly droppedVerdicts: number;
  /** Writes all that is left and closes the file. Calling it again gives the same result. */
  close(): Promise<JsonlSinkResult>;
}

/** A full disk at the end is tried again this often, a flush interval apart. */
const CLOSING_TRIES = 5;

/** Creates a log file, mode 0600. Throws `LOG_UNWRITABLE` if it cannot, or if it exists and `overwrite` is not set. */
export async function openJsonlSink(path: string, options: JsonlSinkOptions = {}): Promise<JsonlSink> {
  const file = await AppendFile.create(path, options.overwrite ?? false);
  return new FileSink(path, file, options);
}

class FileSink implements JsonlSink, ExitFlushable {
  readonly #file: AppendFile;
  readonly #queue: LineQueue;
  readonly #verdictLimit: number;
  readonly #parts: LogParts | null;
  /** The run's header as a line: every part begins with it. */
  #header: RunHeader | null = null;
  readonly #verdicts = new VerdictStore();
  #verdictBytes = 0;
  #droppedEvents = 0;
  #droppedVerdicts = 0;
  #failed: string | null = null;
  #timer: Timer | null = null;
  #writing = false;
  /** Called when a flush has ended, well or not. */
  #flushed: (() => void) | null = null;
  #closing: Promise<JsonlSinkResult> | null = null;

  constructor(path: string, file: AppendFile, options: JsonlSinkOptions) {
    this.#file = file;
    const { maxBytes } = options;
    this.#parts = maxBytes === undefined || !file.repeatable ? null : new LogParts(path, maxBytes);
    this.#queue = new LineQueue(options.backlogBytes ?? LIMITS.logBacklogBytes);
    this.#verdictLimit = options.verdictBytes ?? LIMITS.verdictBytes;
    flushAtExit(this);
  }

  get droppedEvents(): number {
    return this.#droppedEvents;
  }

  get droppedVerdicts(): number {
    return this.#droppedVerdicts;
  }

  write(record: LogRecord): void {
    // A log without its first or last line is worth less than one that is a line over its bound.
    const frame = record.kind === "run.header" || record.kind === "run.footer";
    if (this.#closing !== null || (this.#queue.full && !frame)) {
      this.#droppedEvents += 1;
      return;
    }
    if (record.kind === "run.header" && this.#parts !== null) this.#header = record;
    this.#queue.push(record);
    this.#schedule();
  }

  appendVerdict(verdict: Verdict): void {
    const line = encodeVerdict(verdict);
    if (this.#closing !== null || this.#verdictBytes + line.length > this.#verdictLimit) {
      this.#droppedVerdicts += 1;
      return;
    }
    this.#verdictBytes += line.length;
    this.#verdicts.push(line);
  }

  close(): Promise<JsonlSinkResult> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  flushSync(): void {
    // A write that is under way may still be done by its thread. Where it has a position, doing it twice does no harm.
    if (this.#writing && !this.#file.repeatable) this.#queue.took(this.#queue.first()?.length ?? 0);
    this.#tellDropped();
    for (let chunk = this.#queue.first(); chunk !== null; chunk = this.#queue.first()) {
      if (this.#file.appendSync(chunk) !== null) return;
      this.#queue.took(chunk.length);
    }
  }

  async #close(): Promise<JsonlSinkResult> {
    this.#timer?.cancel();
    this.#timer = null;
    const dropped = this.#tellDropped();
    let healthy = await this.#drain();
    for (const lines of this.#verdicts.blocks()) {
      if (!healthy) break;
      this.#queue.pushLines(lines);
      if (this.#queue.hasWholeChunk) healthy = await this.#drain();
    }
    if (healthy) await this.#drain();
    const lost = this.#queue.discard();
    forgetAtExit(this);
    const code = this.#file.close();
    await this.#parts?.settled();
    return {
      droppedEvents: dropped + lost.lines,
      droppedVerdicts: this.#droppedVerdicts,
      lostBytes: lost.bytes,
      removedParts: this.#parts?.removed ?? 0,
      failed: code ?? this.#failed ?? this.#parts?.failed ?? null,
    };
  }

  /** The log itself says what is missing from it. */
  #tellDropped(): number {
    if (this.#droppedEvents > 0) this.#queue.push({ kind: "log.dropped", events: this.#droppedEvents });
    return this.#droppedEvents;
  }

  #schedule(): void {
    if (this.#timer !== null || this.#writing || this.#closing !== null) return;
    this.#timer = backgroundTimer(LIMITS.flushIntervalMs, () => {
      this.#timer = null;
      this.#flush();
    });
  }

  /** Writes what is queued, chunk by chunk. After a failure the rest waits for the next flush. */
  #flush(): void {
    const chunk = this.#queue.first();
    if (chunk === null) {
      this.#ended();
      return;
    }
    this.#writing = true;
    this.#file.append(chunk, (taken, code) => {
      this.#writing = false;
      this.#queue.took(taken);
      if (code !== null) this.#failed = code;
      else if (taken === chunk.length) this.#moveOn();
      if (code === null && this.#queue.hasWholeChunk) this.#flush();
      else this.#ended();
    });
  }

  /** Between two chunks, which hold whole lines: ends the part when it is large enough. */
  #moveOn(): void {
    const parts = this.#parts;
    if (parts === null || this.#file.size < parts.partBytes) return;
    const name = parts.nextName();
    const bytes = this.#file.size;
    const code = this.#file.moveOn(name);
    if (code !== null) {
      // The part goes on growing; it is tried again.
      this.#failed = code;
      return;
    }
    parts.ended(name, bytes);
    if (this.#header === null) return;
    const header: RunHeader = { ...this.#header, part: parts.count + 1 };
    this.#file.appendSync(Buffer.from(`${JSON.stringify(header)}\n`));
  }

  #ended(): void {
    if (!this.#queue.empty) this.#schedule();
    this.#flushed?.();
  }

  /** Writes all that is queued; `false` when it gave up after a few tries. */
  async #drain(): Promise<boolean> {
    for (let tries = 0; tries < CLOSING_TRIES && !this.#queue.empty; ) {
      if (tries > 0) await pause(LIMITS.flushIntervalMs);
      const before = this.#queue.bytes;
      await new Promise<void>((resolve) => {
        this.#flushed = resolve;
        if (!this.#writing) this.#flush();
      });
      tries = this.#queue.bytes < before ? 0 : tries + 1;
    }
    return this.#queue.empty;
  }
}
