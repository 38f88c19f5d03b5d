import type { RunHeader, Summary } from "@drainprobe/core";
import type { RequestFailures } from "../report/request-failures.js";

/** A log as the outputs for other programs take it. */
export interface ReportedLog {
  readonly file: string;
  readonly summary: Summary;
  readonly header: RunHeader | null;
  readonly requestFailures: RequestFailures;
}

/** The node that wrote it, else the file's name. */
export function logName({ header, file }: ReportedLog): string {
  return header?.node ?? (file === "-" ? "stdin" : file);
}
