import { DrainprobeError } from "./errors.js";
import type { LogRecord, RunFooter, RunHeader } from "./events/index.js";
import { LIMITS } from "./limits.js";
import { type LogSource, type ReadLine, readLog } from "./sinks/log-reader.js";
import type { Fold, FoldOptions } from "./verdict/contract.js";
import { DROPS } from "./verdict/drops.js";
import { createFold } from "./verdict/fold.js";
import type { Summary, Thresholds } from "./verdict/summary-types.js";

/** Options of {@link replay}. */
export interface ReplayOptions extends Omit<FoldOptions, "thresholds"> {
  /** Given, or told by the log's own header; that is `null` where the log does not begin with one. */
  readonly thresholds?: Thresholds | ((header: RunHeader | null) => Thresholds);
  /** Called with each record, before it is judged. */
  readonly onRecord?: (record: LogRecord) => void;
  /** Called with each verdict line the log itself holds, verbatim: compare it with `encodeVerdict` of the replayed one. */
  readonly onRecordedVerdict?: (line: string) => void;
}

/** Something about a log that its reader should know. */
export interface ReplayProblem {
  /** Line of the log, from 1; `null` where it is about the whole. */
  readonly line: number | null;
  readonly message: string;
}

/** What a log says, judged anew. */
export interface ReplayResult {
  /** The path it was read from; `null` for chunks. */
  readonly source: string | null;
  /** `null` where the log has no readable header. */
  readonly header: RunHeader | null;
  /** `null` where the run was cut off. */
  readonly footer: RunFooter | null;
  readonly summary: Summary;
  /** The first `LIMITS.replayProblems`. */
  readonly problems: readonly ReplayProblem[];
}

/**
 * Judges a log, plain or packed by gzip, anew: the same records give the same verdicts as live, byte for byte. A line cut off at the end of the log is left
 * out and told; other lines that are no record are skipped, told and counted in the summary's drops.
 *
 * Throws `LOG_UNREADABLE` for what cannot be read, is of a newer format, holds more than one run or is no log at all. Several paths give one result each,
 * one after the other; they are not merged.
 */
export function replay(source: LogSource, options?: ReplayOptions): Promise<ReplayResult>;
export function replay(sources: readonly string[], options?: ReplayOptions): Promise<readonly ReplayResult[]>;
export async function replay(
  source: LogSource | readonly string[],
  options: ReplayOptions = {},
): Promise<ReplayResult | readonly ReplayResult[]> {
  if (!isList(source)) return new Replay(source, options).run();
  const results: ReplayResult[] = [];
  for (const path of source) results.push(await new Replay(path, options).run());
  return results;
}

function isList(source: LogSource | readonly string[]): source is readonly string[] {
  return Array.isArray(source);
}

class Replay {
  readonly #source: LogSource;
  readonly #options: ReplayOptions;
  /** Begins with the first line, which may tell what the log is judged by. */
  #fold: Fold | null = null;
  readonly #problems: ReplayProblem[] = [];
  #header: RunHeader | null = null;
  #footer: RunFooter | null = null;
  #understood = 0;
  #corrupt = 0;
  #droppedByLog = 0;

  constructor(source: LogSource, options: ReplayOptions) {
    this.#source = source;
    this.#options = options;
  }

  async run(): Promise<ReplayResult> {
    await readLog(this.#source, (read) => this.#read(read));
    if (this.#understood === 0) {
      if (this.#corrupt > 0) throw this.#unreadable("is not a drainprobe log: none of its lines is a record of one");
      this.#problem(null, "the log is empty");
    } else if (this.#header === null) {
      this.#problem(null, "the log has no header: its times cannot be told as wall time");
    }
    if (this.#footer === null) this.#problem(null, "the log has no footer: the run was cut off");
    const summary = this.#foldFrom(null).finish({
      drops: { [DROPS.corruptLines]: this.#corrupt, [DROPS.logEvents]: this.#droppedByLog },
    });
    return {
      source: typeof this.#source === "string" ? this.#source : null,
      header: this.#header,
      footer: this.#footer,
      summary,
      problems: this.#problems,
    };
  }

  #read({ number, text, line, unterminated }: ReadLine): void {
    switch (line.is) {
      case "record":
        this.#understood += 1;
        if (line.record.kind === "run.header") {
          // The parts of one log each begin with its header.
          if (this.#header?.run === line.record.run && line.record.part !== undefined) return;
          if (this.#header !== null) throw this.#unreadable("holds more than one run: give each log by itself");
          this.#header = line.record;
        } else if (line.record.kind === "run.footer") this.#footer ??= line.record;
        this.#options.onRecord?.(line.record);
        (this.#fold ?? this.#foldFrom(line.record)).push(line.record);
        return;
      case "verdict":
        this.#understood += 1;
        this.#options.onRecordedVerdict?.(text);
        return;
      case "dropped":
        this.#understood += 1;
        this.#droppedByLog += line.events;
        this.#problem(number, `${line.events} records never reached the log: the disk was full or too slow`);
        return;
      case "newer":
        throw this.#unreadable(`has format ${line.format}, newer than this version reads`);
      case "corrupt":
        if (unterminated) {
          this.#problem(number, "the last line is cut off; it is left out");
          return;
        }
        this.#corrupt += 1;
        this.#problem(number, `not a record: ${line.why}`);
    }
  }

  #foldFrom(first: LogRecord | null): Fold {
    const { thresholds, ...options } = this.#options;
    if (this.#fold === null) {
      const header = first?.kind === "run.header" ? first : null;
      const own = typeof thresholds === "function" ? thresholds(header) : thresholds;
      this.#fold = createFold(own === undefined ? options : { ...options, thresholds: own });
    }
    return this.#fold;
  }

  #problem(line: number | null, message: string): void {
    if (this.#problems.length < LIMITS.replayProblems) this.#problems.push({ line, message });
  }

  #unreadable(what: string): DrainprobeError {
    const name = typeof this.#source === "string" ? this.#source : "the log";
    return new DrainprobeError("LOG_UNREADABLE", `${name} ${what}`);
  }
}
