import type { Summary } from "@drainprobe/core";

/** All incidents of a run: a summary keeps a bounded number of them, and counts every one. */
export function incidentCount({ incidents, thresholds }: Summary): number {
  const counted = thresholds.find(({ name }) => name === "maxConnectionFailures")?.seen ?? 0;
  return Math.max(counted, incidents.length);
}
