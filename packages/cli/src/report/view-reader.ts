import type { LogRecord, Summary, Verdict } from "@drainprobe/core";
import { NodeRecorder, type NodeView } from "@drainprobe/core/merge";

/** Reads along for the merging of logs. */
export class ViewReader {
  readonly #recorder = new NodeRecorder();
  readonly onRecord = (record: LogRecord): void => this.#recorder.record(record);
  readonly onVerdict = (verdict: Verdict): void => this.#recorder.verdict(verdict);

  view({ incidents }: Summary): NodeView {
    return this.#recorder.view(incidents);
  }
}
