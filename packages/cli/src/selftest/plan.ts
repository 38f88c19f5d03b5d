import type { ProbeOptions } from "@drainprobe/core";
import type { ProbePlan, Running } from "@drainprobe/testbed";

/** What a scenario asks of its probe, in the probe's own options. */
export function planOptions(plan: ProbePlan, running: Running, engine: "wire" | "node"): ProbeOptions {
  const { lanes, request, requestTimeoutMs, pingIntervalMs, pingTimeoutMs, connectTimeoutMs, drainTimeoutMs } = plan;
  return {
    paths: [
      {
        name: "scenario",
        url: running.url,
        ...(running.ca === null ? {} : { ca: running.ca }),
        ...(running.serverName === null ? {} : { serverName: running.serverName }),
        ...(running.connectTo === null ? {} : { connectTo: running.connectTo }),
      },
    ],
    lanes,
    engine,
    ...(request === undefined ? {} : { requests: [request] }),
    ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
    ...(pingIntervalMs === undefined ? {} : { pingIntervalMs }),
    ...(pingTimeoutMs === undefined ? {} : { pingTimeoutMs }),
    ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
    ...(drainTimeoutMs === undefined ? {} : { drainTimeoutMs }),
  };
}
