import type { RunHeader, Summary } from "@drainprobe/core";
import type { Palette } from "../text/colour.js";
import type { RequestFailures } from "./request-failures.js";

/** What the text report is made of. */
export interface ReportInput {
  readonly summary: Summary;
  /** `null` where a log lost it: then nothing can be dated by the wall clock. */
  readonly header: RunHeader | null;
  readonly requestFailures: RequestFailures;
}

/** How to show it. */
export interface ReportStyle {
  readonly width: number;
  readonly palette: Palette;
}

/** A terminal's width within reason; 80 columns in a pipe. */
export function reportWidth(stream: {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}): number {
  return stream.isTTY === true ? Math.min(120, Math.max(60, stream.columns ?? 80)) : 80;
}
