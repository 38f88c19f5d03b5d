import { LIMITS } from "../limits.js";
import type { LaneOptions, LoadCaps } from "../probe-options.js";
import { type Faults, isRecord, shown } from "./faults.js";

const KNOWN: Readonly<Record<keyof LoadCaps, true>> = {
  connections: true,
  newConnectionsPerSecond: true,
  requestsPerSecond: true,
};
/** Of a cap on new connections, what is left for reopening even where the fresh lanes take it all. */
const LEAST_REOPENING = 0.1;

/** What lanes ask of a target, all paths together. */
export interface PlannedLoad {
  /** Sessions that are held open. */
  readonly connections: number;
  readonly newConnectionsPerSecond: number;
  readonly requestsPerSecond: number;
}

/** Lanes in closed loop have no rate; they are asked for by benchmarks alone. */
export function plannedLoad(
  { held, idle, freshTcp, freshHello, freshTls, freshH2, watch, slow }: LaneOptions,
  paths: number,
): PlannedLoad {
  const rate = (lane: LaneOptions["freshTcp"]): number => lane?.ratePerSecond ?? 0;
  const connections =
    (held?.sessions ?? 0) + (idle?.sessions ?? 0) + (watch?.paths.length ?? 0) + (slow?.paths.length ?? 0);
  return {
    connections: connections * paths,
    newConnectionsPerSecond: (rate(freshTcp) + rate(freshHello) + rate(freshTls) + rate(freshH2)) * paths,
    requestsPerSecond: ((held?.ratePerSecond ?? 0) + rate(freshH2)) * paths,
  };
}

/** Holds the lanes to the caps, and tells what is left for reopening. */
export function checkCaps(
  caps: unknown,
  lanes: LaneOptions,
  paths: number,
  faults: Faults,
): { readonly maxConnections: number; readonly reopensPerSecond: number } {
  const unbounded = { maxConnections: LIMITS.maxConnections, reopensPerSecond: LIMITS.reopensPerSecond };
  if (caps === undefined) return unbounded;
  if (!isRecord(caps)) {
    faults.add("caps", `must be an object, is ${shown(caps)}`);
    return unbounded;
  }
  faults.keys("caps", caps, Object.keys(KNOWN));
  const cap = (name: keyof LoadCaps, max: number): number =>
    faults.number(`caps.${name}`, caps[name], { fallback: max, min: 1, max });
  const maxConnections = Math.floor(cap("connections", LIMITS.maxConnections));
  const newConnections = cap("newConnectionsPerSecond", 100_000);
  const requests = cap("requestsPerSecond", 1_000_000);
  // Lanes that are wrong have no load to speak of.
  if (faults.any) return unbounded;
  const load = plannedLoad(lanes, paths);
  const over = (what: string, asked: number, most: number): void => {
    if (asked > most) faults.add("caps", `the lanes ask for ${round(asked)} ${what}, and the cap is ${round(most)}`);
  };
  over("connections at once", load.connections, maxConnections);
  over("new connections a second", load.newConnectionsPerSecond, newConnections);
  over("requests a second", load.requestsPerSecond, requests);
  const left = Math.max(newConnections - load.newConnectionsPerSecond, newConnections * LEAST_REOPENING);
  return {
    maxConnections,
    reopensPerSecond: caps.newConnectionsPerSecond === undefined ? LIMITS.reopensPerSecond : left,
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
