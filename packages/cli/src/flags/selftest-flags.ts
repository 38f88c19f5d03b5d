import { type FlagTable, list, toggle, value } from "./flag.js";
import { count, oneOf, text } from "./values.js";

const WHAT = "What to play";

/** Flags of `drainprobe selftest`. */
export const SELFTEST_FLAGS = {
  all: toggle({
    group: WHAT,
    fallback: false,
    help: "every scenario; without it only those that run plays at its start",
  }),
  scenario: list({
    group: WHAT,
    placeholder: "NAME",
    parse: text("a scenario's name"),
    help: "only this one; repeatable",
  }),
  engine: value({
    group: WHAT,
    placeholder: "NAME",
    parse: oneOf(["wire", "node", "both"]),
    fallback: "wire",
    help: "wire, node or both",
  }),
  repeat: value({
    group: WHAT,
    placeholder: "N",
    parse: count(1, 100_000),
    fallback: "1",
    help: "play each N times, each with its own seed",
  }),
  seed: value({
    group: WHAT,
    placeholder: "S",
    parse: count(0, 0xffff_ffff),
    fallback: null,
    absent: "drawn at random and printed",
    help: "seed of the first; the next ones count up from it",
  }),
  parallel: value({
    group: WHAT,
    placeholder: "N",
    parse: count(1, 64),
    fallback: "8",
    help: "scenarios played at once",
  }),
  list: toggle({ group: "Output", fallback: false, help: "list the scenarios and play none" }),
  matrix: toggle({
    group: "Output",
    fallback: false,
    help: "print the confusion matrix as a grid: rows expected, columns seen",
  }),
  json: toggle({ group: "Output", fallback: false, help: "print one JSON object with each result and the matrix" }),
  keep: value({
    group: "Output",
    placeholder: "FOLDER",
    parse: text("a folder"),
    fallback: null,
    absent: "the logs are thrown away",
    help: "keep the log of every scenario that was named wrongly",
  }),
} satisfies FlagTable;
