import { type FlagTable, toggle, value } from "./flag.js";
import { count } from "./values.js";

/** Flags of `drainprobe explain`. */
export const EXPLAIN_FLAGS = {
  year: value({
    group: "Reading",
    placeholder: "Y",
    parse: count(1970, 9999),
    fallback: null,
    absent: "the last one that fits before the file was written",
    help: "the year of the first line of each file that has none: klog writes month and day alone",
  }),
  json: toggle({ group: "Output", fallback: false, help: "print one JSON object (schema drainprobe.explain/1)" }),
} satisfies FlagTable;
