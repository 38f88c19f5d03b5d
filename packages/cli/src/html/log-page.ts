import type { LogRecord, Verdict } from "@drainprobe/core";
import { LifelineRecorder } from "./lifelines.js";

/** Reads along for the HTML report. */
export class LogPage {
  readonly lifelines = new LifelineRecorder();
  readonly onRecord = (record: LogRecord): void => this.lifelines.record(record);
  readonly onVerdict = (verdict: Verdict): void => this.lifelines.verdict(verdict);
}
