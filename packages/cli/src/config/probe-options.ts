import { type LaneOptions, type LoadCaps, type PathOptions, plannedLoad, type RequestOptions } from "@drainprobe/core";
import { SLOW_EVERY_MS, type WorkloadName, workloadStreams } from "@drainprobe/core/kube";
import { LANE_FLAG_NAMES, type RUN_FLAGS } from "../flags/run-flags.js";
import type { Merged } from "../flags/settings.js";
import type { RequestLine } from "../flags/target-values.js";
import { thresholds } from "../flags/threshold-flags.js";
import { UsageError } from "../usage-error.js";
import { logFile } from "./log-file.js";
import { pathOptions } from "./paths.js";
import type { PlannedOptions } from "./planned-options.js";

type RunMerged = Merged<typeof RUN_FLAGS>;

/** What runs beside the held lane when no lane is named: a probe that never opens a connection sees half of a rollout. */
const LANES_UNASKED = { idle: 1, freshH2: 5 } as const;
/** Sessions and connections a run may hold at once, as the core bounds it. */
const MAX_SESSIONS_IN_ALL = 12_000;

/** Settings as options of the core. Everything that can be refused is refused here, in one line. */
export function probeOptions(merged: RunMerged): PlannedOptions {
  return probeOptionsOn(merged, pathOptions(merged), laneOptions(merged));
}

/** The same on these paths and lanes. */
export function probeOptionsOn(merged: RunMerged, paths: readonly PathOptions[], lanes: LaneOptions): PlannedOptions {
  const { settings } = merged;
  checkLanes(lanes, paths, merged);
  checkLoad(lanes, paths.length, merged);
  const where = merged.origins.get("out") ?? "--out";
  const log = settings.out === undefined ? null : logFile(settings.out, { overwrite: settings.overwrite, where });
  return {
    paths,
    lanes,
    ...(settings.request.length === 0 ? {} : { requests: settings.request.map(requestOptions) }),
    engine: settings.engine,
    ...(settings.node === undefined ? {} : { node: settings.node }),
    requestTimeoutMs: toMs(settings.requestTimeout),
    pingIntervalMs: toMs(settings.pingInterval),
    pingTimeoutMs: toMs(settings.pingTimeout),
    connectTimeoutMs: toMs(settings.connectTimeout),
    drainTimeoutMs: toMs(settings.drainTimeout),
    ...(settings.duration === undefined ? {} : { durationMs: toMs(settings.duration) }),
    thresholds: thresholds(settings),
    caps: loadCaps(merged),
    ...(log === null ? {} : { log, overwriteLog: settings.overwrite }),
    ...(log === null || settings.maxLogSize === undefined ? {} : { maxLogBytes: settings.maxLogSize }),
  };
}

/** The caps, and every lane held to them, with the flag that would raise the one in its way. */
export function loadCaps({ settings }: RunMerged): LoadCaps {
  const { maxConnections, maxNewConnections, maxRequests } = settings;
  return {
    connections: maxConnections,
    newConnectionsPerSecond: maxNewConnections,
    requestsPerSecond: maxRequests,
  };
}

function checkLoad(lanes: LaneOptions, paths: number, { settings }: RunMerged): void {
  const load = plannedLoad(lanes, paths);
  const problems = [
    over(load.connections, settings.maxConnections, "connections at once", "--max-connections"),
    over(load.newConnectionsPerSecond, settings.maxNewConnections, "new connections a second", "--max-new-connections"),
    over(load.requestsPerSecond, settings.maxRequests, "requests a second", "--max-requests"),
  ].filter((problem) => problem !== null);
  if (problems.length > 0) throw new UsageError(problems.join("; "));
}

function over(asked: number, most: number, what: string, flag: string): string | null {
  if (asked <= most) return null;
  return `the lanes ask for ${asked} ${what} in all, and the cap is ${most}: if the target can take it, raise ${flag}`;
}

/** The lanes asked for. `--sessions`, `--streams` and `--rate` have defaults, so held runs unless one of them is 0. */
export function laneOptions({ settings, origins }: RunMerged): LaneOptions {
  const unasked = LANE_FLAG_NAMES.every((name) => !origins.has(name));
  const { sessions, streams, rate, watch, slow } = settings;
  const idle = settings.idle ?? (unasked ? LANES_UNASKED.idle : 0);
  const freshH2 = settings.freshH2 ?? (unasked ? LANES_UNASKED.freshH2 : 0);
  return {
    ...(sessions > 0 && rate > 0 ? { held: { sessions, streams, ratePerSecond: rate } } : {}),
    ...(idle > 0 ? { idle: { sessions: idle } } : {}),
    ...fresh("freshTcp", settings.freshTcp ?? 0),
    ...fresh("freshHello", settings.freshHello ?? 0),
    ...fresh("freshTls", settings.freshTls ?? 0),
    ...fresh("freshH2", freshH2),
    ...(watch.length > 0 ? { watch: { paths: watch } } : {}),
    ...(slow.length > 0 ? { slow: { paths: slow } } : {}),
  };
}

/** The lanes of a Kubernetes run: those of any other, with the workload's own streams where none are given. */
export function kubeLanes(
  merged: RunMerged,
  workload: WorkloadName,
  namespace: string | null,
  serverPath: string,
): LaneOptions {
  const { settings, origins } = merged;
  const lanes = laneOptions(merged);
  const prefix = serverPath.replace(/\/$/, "");
  const streams = workloadStreams(workload, namespace);
  const watch = origins.has("watch") ? settings.watch : streams.watch.map((path) => prefix + path);
  const slow = origins.has("slow") ? settings.slow : streams.slow.map((path) => prefix + path);
  return {
    ...lanes,
    ...(lanes.held === undefined || origins.has("streams")
      ? {}
      : { held: { ...lanes.held, streams: Math.ceil(settings.concurrency / lanes.held.sessions) } }),
    ...(watch.length === 0 ? {} : { watch: { paths: watch } }),
    ...(slow.length === 0 ? {} : { slow: { paths: slow, ...(origins.has("slow") ? {} : { everyMs: SLOW_EVERY_MS }) } }),
  };
}

function fresh<K extends string>(lane: K, ratePerSecond: number): Partial<Record<K, { ratePerSecond: number }>> {
  const result: Partial<Record<K, { ratePerSecond: number }>> = {};
  if (ratePerSecond > 0) result[lane] = { ratePerSecond };
  return result;
}

function checkLanes(lanes: LaneOptions, paths: readonly PathOptions[], { origins }: RunMerged): void {
  if (Object.keys(lanes).length === 0)
    throw new UsageError("nothing to do: every lane is switched off; give --sessions, --idle or a --fresh-… rate");
  const plain = paths.find((path) => path.url.startsWith("http:"));
  const handshake = (["freshHello", "freshTls"] as const).find((name) => lanes[name] !== undefined);
  if (handshake !== undefined && plain !== undefined) {
    throw new UsageError(
      `${origins.get(handshake)}: ${plain.url} has no TLS to shake hands with; use --fresh-tcp or --fresh-h2`,
    );
  }
  const perPath =
    (lanes.held?.sessions ?? 0) +
    (lanes.idle?.sessions ?? 0) +
    (lanes.watch?.paths.length ?? 0) +
    (lanes.slow?.paths.length ?? 0);
  if (perPath * paths.length > MAX_SESSIONS_IN_ALL) {
    throw new UsageError(
      `${perPath * paths.length} sessions in all (${perPath} on each of ${paths.length} paths) are too many: at most ${MAX_SESSIONS_IN_ALL}`,
    );
  }
}

function requestOptions({ method, path, body }: RequestLine): RequestOptions {
  if (body === undefined) return { method, path };
  const type = /^\s*[[{]/.test(body) ? "application/json" : "text/plain; charset=utf-8";
  return { method, path, headers: { "content-type": type }, body };
}

function toMs(ns: number): number {
  return ns / 1e6;
}
