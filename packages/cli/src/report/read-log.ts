import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import {
  DrainprobeError,
  type LogRecord,
  type RunHeader,
  replay,
  type Thresholds,
  type Verdict,
} from "@drainprobe/core";
import { errorCode, fileProblem } from "../system-error.js";
import { UsageError } from "../usage-error.js";
import type { ReportInput } from "./report-input.js";
import { RequestFailures } from "./request-failures.js";

/** A log, folded again, and what its reader should know of it. */
export interface ReadLog extends ReportInput {
  /** Lines that are cut off or no records, a missing end: each in one line. */
  readonly problems: readonly string[];
}

/** Who reads along while a log is replayed. */
export interface LogReaders {
  readonly onRecord?: (record: LogRecord) => void;
  readonly onVerdict?: (verdict: Verdict) => void;
}

/**
 * Replays a log (`-`: stdin), plain or packed by gzip, under the thresholds of its own run, of which `own` replaces some.
 * Throws {@link UsageError} for what cannot be read or is no log.
 */
export async function readLog(
  file: string,
  stdin: Readable,
  own: Thresholds,
  readers: LogReaders = {},
): Promise<ReadLog> {
  const name = file === "-" ? "stdin" : file;
  const requestFailures = new RequestFailures();
  try {
    const result = await replay(file === "-" ? stdin : createReadStream(file, { highWaterMark: CHUNK_BYTES }), {
      thresholds: (header) => ({ ...thresholdsOfRun(header), ...own }),
      ...(readers.onRecord === undefined ? {} : { onRecord: readers.onRecord }),
      onVerdict: (verdict) => {
        requestFailures.push(verdict);
        readers.onVerdict?.(verdict);
      },
    });
    const { header, summary } = result;
    const selfTest = summary.selfTest.ran ? summary.selfTest : (header?.selfTest ?? summary.selfTest);
    return {
      summary: { ...summary, selfTest },
      header,
      requestFailures,
      problems: result.problems.map(
        (problem) => (problem.line === null ? "" : `line ${problem.line}: `) + problem.message,
      ),
    };
  } catch (error) {
    if (!(error instanceof DrainprobeError) || error.code !== "LOG_UNREADABLE") throw error;
    const why = errorCode(error.cause) === null ? error.message : fileProblem(error.cause);
    throw new UsageError(`${name}: ${why}`);
  }
}

const CHUNK_BYTES = 256 * 1024;

const NAMES = ["maxConnectionFailures", "maxRequestFailures", "maxUnsafe", "maxNewConnectionGapNs"] as const;

/** The thresholds that the header of the log tells. A limit without end is written as `null`. */
function thresholdsOfRun(header: RunHeader | null): Thresholds {
  const config: unknown = header?.config;
  const told = isRecord(config) && isRecord(config.thresholds) ? config.thresholds : {};
  const result: Partial<Record<(typeof NAMES)[number], number>> = {};
  for (const name of NAMES) {
    const limit = told[name];
    if (limit === null) result[name] = Number.POSITIVE_INFINITY;
    else if (typeof limit === "number") result[name] = limit;
  }
  return result;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
