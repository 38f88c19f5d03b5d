import type { Thresholds } from "@drainprobe/core";
import { type FlagTable, value } from "./flag.js";
import { count, duration, orNone } from "./values.js";

const GROUP = "Thresholds (a run that goes over one fails, exit code 1)";
const LIMIT = orNone(count(0, Number.MAX_SAFE_INTEGER));

/** What `run` and `report` may be told to tolerate. */
export const THRESHOLD_FLAGS = {
  maxConnectionFailures: value({
    group: GROUP,
    placeholder: "N",
    parse: LIMIT,
    fallback: "0",
    help: "incidents: connections that failed, or that said GOAWAY and left requests unserved; none: do not check",
  }),
  maxRequestFailures: value({
    group: GROUP,
    placeholder: "N",
    parse: LIMIT,
    fallback: "0",
    help: "requests that failed on a connection that was well; none: do not check",
  }),
  maxUnsafe: value({
    group: GROUP,
    placeholder: "N",
    parse: LIMIT,
    fallback: "0",
    help: "lost writes of which nobody can say whether they were carried out; none: do not check",
  }),
  maxNewConnectionGap: value({
    group: GROUP,
    placeholder: "TIME",
    parse: orNone(duration({ minNs: 0, maxNs: Number.MAX_SAFE_INTEGER })),
    fallback: "none",
    help: "longest time on any path in which no new connection worked",
  }),
} satisfies FlagTable;

type OwnThresholds = { readonly [K in keyof typeof THRESHOLD_FLAGS]?: number | "none" | undefined };

/** Thresholds as the core takes them. One that nobody named is left out; `none` is a limit that nothing can go over. */
export function thresholds(settings: OwnThresholds): Thresholds {
  return {
    ...limit("maxConnectionFailures", settings.maxConnectionFailures),
    ...limit("maxRequestFailures", settings.maxRequestFailures),
    ...limit("maxUnsafe", settings.maxUnsafe),
    // The only one without a default in the core: `none` is what it does when nothing is said.
    ...(settings.maxNewConnectionGap === "none" ? {} : limit("maxNewConnectionGapNs", settings.maxNewConnectionGap)),
  };
}

function limit<K extends keyof Thresholds>(key: K, value: number | "none" | undefined): Partial<Record<K, number>> {
  const result: Partial<Record<K, number>> = {};
  if (value !== undefined) result[key] = value === "none" ? Number.POSITIVE_INFINITY : value;
  return result;
}
