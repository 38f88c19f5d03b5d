import { writeFileSync } from "node:fs";
import type { Merged } from "@drainprobe/core/merge";
import { knownFailures } from "../report/known-failures.js";
import { fileProblem } from "../system-error.js";
import { UsageError } from "../usage-error.js";
import { htmlReport } from "./html-report.js";
import { matchData } from "./known-failures.js";
import { type HtmlLog, reportData } from "./report-data.js";

/** Writes the HTML report. Throws {@link UsageError} where the file cannot be written. */
export function writeHtml(file: string, logs: readonly HtmlLog[], merged: Merged): void {
  const page = htmlReport(reportData(logs, merged, matchData(knownFailures(logs, merged), logs.length > 1)));
  try {
    writeFileSync(file, page);
  } catch (error) {
    throw new UsageError(`cannot write ${file}: ${fileProblem(error)}`);
  }
}
