import { LIMITS } from "../limits.js";
import type { LaneOptions } from "../probe-options.js";
import { type Faults, isRecord, shown } from "./faults.js";
import { checkPath } from "./requests.js";

const FRESH = ["ratePerSecond", "concurrency", "count"] as const;

const LANE_KEYS: Readonly<Record<keyof LaneOptions, readonly string[]>> = {
  held: ["sessions", "streams", "ratePerSecond"],
  idle: ["sessions"],
  freshTcp: FRESH,
  freshHello: FRESH,
  freshTls: FRESH,
  freshH2: FRESH,
  watch: ["paths"],
  slow: ["paths", "everyMs"],
};

const SESSIONS = { min: 1, max: LIMITS.maxConnections, integer: true } as const;
const STREAMS = { min: 1, max: LIMITS.inFlightRequests, integer: true } as const;
const EVERY_MS = { min: 50, max: 86_400_000, fallback: 50 } as const;
const COUNT = { min: 1, max: 1_000_000_000, integer: true } as const;
const RATE = { min: 0.001, max: 100_000 } as const;

/** Checks the lanes; the options themselves are in the form the lanes take. */
export function checkLanes(
  lanes: unknown,
  paths: { readonly count: number; readonly anyPlain: boolean },
  faults: Faults,
): void {
  if (!isRecord(lanes)) {
    faults.add("lanes", `must be an object, is ${shown(lanes)}`);
    return;
  }
  faults.keys("lanes", lanes, Object.keys(LANE_KEYS));
  let sessions = 0;
  let running = 0;
  for (const [name, known] of Object.entries(LANE_KEYS)) {
    const lane = lanes[name];
    if (lane === undefined) continue;
    running += 1;
    const where = `lanes.${name}`;
    if (!isRecord(lane)) {
      faults.add(where, `must be an object with ${known.join(", ")}, is ${shown(lane)}`);
      continue;
    }
    faults.keys(where, lane, known);
    if (known.includes("sessions")) sessions += faults.number(`${where}.sessions`, lane.sessions, SESSIONS);
    if (known.includes("streams")) faults.number(`${where}.streams`, lane.streams, STREAMS);
    if (known === FRESH) checkPace(where, lane, faults);
    else if (known.includes("ratePerSecond")) faults.number(`${where}.ratePerSecond`, lane.ratePerSecond, RATE);
    if (known.includes("everyMs")) faults.number(`${where}.everyMs`, lane.everyMs, EVERY_MS);
    if (known.includes("paths")) sessions += checkPaths(`${where}.paths`, lane.paths, faults);
  }
  if (running === 0) faults.add("lanes", `at least one of ${Object.keys(LANE_KEYS).join(", ")} is needed`);
  for (const name of ["freshHello", "freshTls"] as const) {
    if (lanes[name] === undefined || !paths.anyPlain) continue;
    faults.add(`lanes.${name}`, "an http: target has no TLS; leave the lane out or use https:");
  }
  if (sessions * paths.count > LIMITS.maxConnections) {
    faults.add("lanes", `${sessions * paths.count} sessions on all paths are more than ${LIMITS.maxConnections}`);
  }
}

function checkPace(where: string, lane: Readonly<Record<string, unknown>>, faults: Faults): void {
  const { ratePerSecond, concurrency } = lane;
  if ((ratePerSecond === undefined) === (concurrency === undefined)) {
    faults.add(where, "must have ratePerSecond or concurrency, and not both");
  } else if (concurrency === undefined) faults.number(`${where}.ratePerSecond`, ratePerSecond, RATE);
  else faults.number(`${where}.concurrency`, concurrency, SESSIONS);
  if (lane.count !== undefined) faults.number(`${where}.count`, lane.count, COUNT);
}

function checkPaths(where: string, given: unknown, faults: Faults): number {
  if (!Array.isArray(given) || given.length === 0) {
    faults.add(where, "must be a list of at least one path");
    return 0;
  }
  for (const [index, path] of given.entries()) checkPath(`${where}[${index}]`, path, faults);
  return given.length;
}
