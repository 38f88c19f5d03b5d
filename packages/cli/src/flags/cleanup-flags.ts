import { type FlagTable, toggle, value } from "./flag.js";
import { KUBE_ACCESS_FLAGS } from "./kube-flags.js";
import { namespaceName } from "./target-values.js";
import { duration } from "./values.js";

const WHAT = "What to remove";

/** Flags of `drainprobe cleanup`. */
export const CLEANUP_FLAGS = {
  ...KUBE_ACCESS_FLAGS,
  olderThan: value({
    group: WHAT,
    placeholder: "TIME",
    parse: duration({ minNs: 0, maxNs: 100 * 24 * 3600e9 }),
    fallback: "0s",
    help: "only what was made longer ago than this, by the clocks of the API server and of this machine",
  }),
  namespace: value({
    group: WHAT,
    placeholder: "NAME",
    parse: namespaceName,
    fallback: null,
    help: "also what runs with --namespace NAME left in that namespace, whatever its age; the namespace stays",
  }),
  dryRun: toggle({ group: WHAT, fallback: false, help: "say what would be removed, and remove nothing" }),
  json: toggle({ group: "Output", fallback: false, help: "print one JSON object instead of text" }),
} satisfies FlagTable;
