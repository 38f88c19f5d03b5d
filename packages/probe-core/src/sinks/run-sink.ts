import type { Incident, Verdict } from "../classify/verdict-types.js";
import type { LogRecord } from "../events/index.js";

/**
 * Takes what a run yields, while it runs. It is called in the middle of the sockets' work, so it is to be quick, and it may not
 * stop the probe. The verdicts that a record makes final come right after that record, before the next one.
 */
export interface RunSink {
  write(record: LogRecord): void;
  appendVerdict(verdict: Verdict): void;
  appendIncident?(incident: Incident): void;
}
