import { type FlagTable, toggle, value } from "./flag.js";
import { count, oneOf, rate, text } from "./values.js";

const WHAT = "What to play";
const OUTPUT = "Output";

/** Flags of `drainprobe lab`. */
export const LAB_FLAGS = {
  fixed: toggle({ group: WHAT, fallback: false, help: "play the fixed twin: the same with the remedy in place" }),
  tier: value({
    group: WHAT,
    placeholder: "TIER",
    parse: oneOf(["embedded", "netns", "kube"]),
    fallback: "embedded",
    help: "embedded: our own API servers on loopback, anywhere; netns: those behind balancers of the kernel (Linux, root); kube: real API servers behind them",
  }),
  speed: value({
    group: WHAT,
    placeholder: "N",
    parse: rate(50),
    fallback: null,
    absent: "5 in the embedded tier, 1 elsewhere",
    help: "divide all times of servers, checks and probes by this; real API servers run at 1",
  }),
  seed: value({
    group: WHAT,
    placeholder: "S",
    parse: count(0, 0xffff_ffff),
    fallback: null,
    absent: "drawn at random and printed",
    help: "seed of the first run; the next ones count up from it",
  }),
  runs: value({
    group: WHAT,
    short: "n",
    placeholder: "N",
    parse: count(1, 1_000),
    fallback: "20",
    help: "repeat: so many runs, each with its own seed",
  }),
  out: value({
    group: OUTPUT,
    placeholder: "FOLDER",
    parse: text("a folder"),
    fallback: null,
    absent: "they are thrown away",
    help: "keep the logs of the probes in this folder; repeat keeps those of runs that differed",
  }),
  json: toggle({
    group: OUTPUT,
    fallback: false,
    help: "print one JSON object (schema drainprobe.lab/1) instead of text",
  }),
  quiet: toggle({ group: OUTPUT, fallback: false, help: "no progress on stderr" }),
} satisfies FlagTable;
