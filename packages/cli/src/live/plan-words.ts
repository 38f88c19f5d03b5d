import type { LaneOptions } from "@drainprobe/core";
import type { PlannedOptions } from "../config/planned-options.js";
import { formatDuration } from "../text/format.js";

/** `held 2x5 at 50/s, idle 1, fresh.h2 5/s`. */
export function lanesInWords(lanes: LaneOptions): string {
  const { held, idle, freshTcp, freshHello, freshTls, freshH2, watch, slow } = lanes;
  return [
    held && `held ${held.sessions}x${held.streams} at ${held.ratePerSecond}/s`,
    idle && `idle ${idle.sessions}`,
    freshTcp && `fresh.tcp ${pace(freshTcp)}`,
    freshHello && `fresh.hello ${pace(freshHello)}`,
    freshTls && `fresh.tls ${pace(freshTls)}`,
    freshH2 && `fresh.h2 ${pace(freshH2)}`,
    watch && `watch ${watch.paths.length}`,
    slow && `slow ${slow.paths.length}`,
  ]
    .filter((words) => words !== undefined)
    .join(", ");
}

/** Paths whose servers' certificates will not be verified. */
export function unverifiedNames(paths: PlannedOptions["paths"]): string[] {
  return paths.filter(({ verify }) => verify === false).map(({ name }) => name);
}

function pace({ ratePerSecond, concurrency }: NonNullable<LaneOptions["freshTcp"]>): string {
  return concurrency === undefined ? `${ratePerSecond}/s` : `${concurrency} at once`;
}

/** `for 30.0 s` or `until SIGINT or SIGTERM`. */
export function untilWords({ durationMs }: PlannedOptions): string {
  return durationMs === undefined ? "until SIGINT or SIGTERM" : `for ${formatDuration(durationMs * 1e6)}`;
}
