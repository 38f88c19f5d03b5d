import { type LaneOptions, plannedLoad } from "@drainprobe/core";
import { SLOW_EVERY_MS } from "@drainprobe/core/kube";
import type { PlannedOptions } from "../config/planned-options.js";
import { kubeLanes, loadCaps } from "../config/probe-options.js";
import type { RUN_FLAGS } from "../flags/run-flags.js";
import type { Merged } from "../flags/settings.js";
import { lanesInWords, untilWords } from "../live/plan-words.js";
import { printable } from "../text/printable.js";

type RunMerged = Merged<typeof RUN_FLAGS>;

/** Methods that change nothing at a server that keeps to RFC 9110 §9.2.1. */
const SAFE = ["GET", "HEAD", "OPTIONS", "TRACE"];
/** Made and deleted again by each round of the crud workload, one of each. */
const CRUD_OBJECTS = "serviceaccounts, secrets and configmaps";

/**
 * What a run would do to its target, as lines of text: nobody is asked and nothing is opened for it. Against API servers the number
 * of paths is known only when they have been found, so the load is told for each.
 */
export function dryRun(merged: RunMerged, options: PlannedOptions | null): string {
  const lines = options === null ? kubeLines(merged) : plainLines(merged, options);
  return `${["dry run: nothing was connected to and nothing written", ...lines].join("\n")}\n`;
}

function plainLines(merged: RunMerged, options: PlannedOptions): string[] {
  const { paths, lanes, requests, log } = options;
  const writes = (requests ?? []).filter(({ method }) => !SAFE.includes(method));
  return [
    ...paths.map(
      ({ name, url, connectTo }) =>
        `path ${printable(name)}: ${printable(url)}${connectTo === undefined ? "" : `, connecting to ${connectTo}`}`,
    ),
    ...loadLines(lanes, paths.length, merged, paths.length === 1 ? "in all" : `on all ${paths.length} paths together`),
    untilLine(options),
    writes.length === 0
      ? "writes to the target: none; every request is a GET or HEAD, or as safe"
      : `writes to the target: ${writes.map(({ method, path }) => `${method} ${printable(path)}`).join(", ")}, in turn with the other requests, at the held and fresh.h2 rates above`,
    ...localWrites(merged, log),
  ];
}

function kubeLines(merged: RunMerged): string[] {
  const { settings } = merged;
  const workload = settings.workload ?? "crud";
  const namespace = settings.namespace ?? null;
  const lanes = kubeLanes(merged, workload, namespace ?? "drainprobe-XXXXXXXX", "/");
  return [
    "target: API servers; the paths are found when the run begins (--no-path leaves one out)",
    ...loadLines(lanes, 1, merged, "on each path that is found"),
    ...(lanes.slow === undefined ? [] : [`slow lists: every ${SLOW_EVERY_MS / 1000} s at the most`]),
    ...clusterWrites(workload, namespace, settings.trigger),
    ...localWrites(merged, settings.out),
  ];
}

function clusterWrites(workload: string, namespace: string | null, trigger: string | undefined): string[] {
  const lines: string[] = [];
  if (workload !== "version") {
    const where = namespace === null ? "a namespace of its own" : `namespace ${namespace}`;
    if (namespace === null) {
      lines.push("POST one namespace drainprobe-XXXXXXXX; PATCH an annotation of it every 10 s; DELETE it at the end");
    }
    if (workload === "crud")
      lines.push(`POST and DELETE ${CRUD_OBJECTS} in ${where}, with a GET between, at the held rate`);
    lines.push("POST selfsubjectaccessreviews, once for each right that is needed: the server stores none of them");
  }
  if (trigger === "openshift") lines.push("PATCH kubeapiserver/cluster once: all API servers are rolled out");
  else if (trigger !== undefined) lines.push(`runs the trigger in a shell: ${printable(trigger)}`);
  return lines.length === 0 ? ["writes to the cluster: none"] : lines.map((line) => `writes to the cluster: ${line}`);
}

function loadLines(lanes: LaneOptions, paths: number, merged: RunMerged, where: string): string[] {
  const load = plannedLoad(lanes, paths);
  const caps = loadCaps(merged);
  return [
    `lanes on each path: ${lanesInWords(lanes)}`,
    `load, ${where}: ${load.connections} connections held open (cap ${caps.connections}), ` +
      `${load.newConnectionsPerSecond} new ones a second (cap ${caps.newConnectionsPerSecond}), ` +
      `${load.requestsPerSecond} requests a second (cap ${caps.requestsPerSecond}), ` +
      `a PING every ${merged.settings.pingInterval / 1e6} ms on each session`,
  ];
}

function untilLine(options: PlannedOptions): string {
  return `lasts: ${untilWords(options)}`;
}

function localWrites({ settings }: RunMerged, log: string | undefined): string[] {
  const size =
    settings.maxLogSize === undefined ? "without a bound (--max-log-size)" : `at most ${settings.maxLogSize} bytes`;
  return [
    log === undefined
      ? "writes on this host: no log (--out)"
      : `writes on this host: ${printable(log)}, mode 0600, ${size}`,
    ...(settings.metricsPort === undefined
      ? []
      : [`listens on this host: ${settings.metricsAddress} port ${settings.metricsPort}, for metrics`]),
  ];
}
