import { type FlagTable, toggle, type ValueFlag, value } from "./flag.js";
import { THRESHOLD_FLAGS } from "./threshold-flags.js";
import { duration, text } from "./values.js";

/** Flags of `drainprobe report`. */
export const REPORT_FLAGS = {
  json: toggle({
    group: "Output",
    fallback: false,
    help: "print the summary as JSON; for several files an object with each file's summary and what they say together",
  }),
  html: value({
    group: "Output",
    placeholder: "FILE",
    parse: (text) => text,
    fallback: null,
    help: "write the report as one HTML file as well: a chart of every connection, the incidents and their evidence",
  }),
  junit: outputFile("write JUnit XML: a test case for each threshold, objective and path"),
  monitorIntervals: outputFile("write incidents and phases as intervals of OpenShift's monitors (JSON)"),
  chromeTrace: outputFile("write every connection as Chrome trace events, which Perfetto opens"),
  clockSkew: value({
    group: "Several nodes",
    placeholder: "TIME",
    parse: duration({ minNs: 0, maxNs: 3_600_000_000_000 }),
    fallback: "10ms",
    help: "how far the wall clocks of two nodes may be apart: no order is claimed inside it",
  }),
  maxConnectionFailures: asInTheRun(THRESHOLD_FLAGS.maxConnectionFailures),
  maxRequestFailures: asInTheRun(THRESHOLD_FLAGS.maxRequestFailures),
  maxUnsafe: asInTheRun(THRESHOLD_FLAGS.maxUnsafe),
  maxNewConnectionGap: asInTheRun(THRESHOLD_FLAGS.maxNewConnectionGap),
} satisfies FlagTable;

function outputFile(help: string): ValueFlag<string, null> {
  return { kind: "value", group: "Output", placeholder: "FILE", parse: text("a file"), fallback: null, help };
}

/** A log knows the thresholds of its run; a flag replaces only its own. */
function asInTheRun<T>(flag: ValueFlag<T, string>): ValueFlag<T, null> {
  return { ...flag, fallback: null, absent: "as in the run" };
}
