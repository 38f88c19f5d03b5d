import { writeFileSync } from "node:fs";
import { fileProblem } from "../system-error.js";
import { UsageError } from "../usage-error.js";
import { junitXml } from "./junit.js";
import { monitorIntervals } from "./monitor-intervals.js";
import type { ReportedLog } from "./reported-log.js";

/** Files for other programs, by the flags that ask for them. */
export interface OutputFiles {
  readonly junit?: string | undefined;
  readonly monitorIntervals?: string | undefined;
}

/** Writes what was asked for, whole. Throws {@link UsageError} for a file that cannot be written. */
export function writeOutputs(files: OutputFiles, logs: readonly ReportedLog[]): void {
  if (files.junit !== undefined) write("--junit", files.junit, junitXml(logs));
  if (files.monitorIntervals !== undefined)
    write("--monitor-intervals", files.monitorIntervals, monitorIntervals(logs));
}

function write(flag: string, file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new UsageError(`${flag} ${file}: ${fileProblem(error)}`);
  }
}
