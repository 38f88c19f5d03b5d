import { type Phase, type Probe, PrometheusSink, type RunSink } from "@drainprobe/core";
import type { RUN_FLAGS } from "../flags/run-flags.js";
import type { Merged } from "../flags/settings.js";
import type { CliIo } from "../io.js";
import { UsageError } from "../usage-error.js";
import { VERSION } from "../version.js";
import { type MetricsServer, startMetricsServer } from "./metrics-server.js";

/** Paths that lead to one server, by the name its markers have. */
export type DirectPaths = ReadonlyMap<string, string>;

/** The metrics of one run, served from before its self-test until its end. */
export interface RunMetrics extends AsyncDisposable {
  /** To be given to the probe. */
  readonly sinks: readonly RunSink[];
  /** Tells whom to ask for what was dropped, and which path leads to which backend alone. */
  follow(probe: Probe, direct?: DirectPaths): void;
}

const NO_METRICS: RunMetrics = {
  sinks: [],
  follow: () => {},
  [Symbol.asyncDispose]: async () => {},
};

/** Opens the port that was asked for; without `--metrics-port` nothing is opened and nothing is counted. */
export async function openRunMetrics(merged: Merged<typeof RUN_FLAGS>, io: CliIo): Promise<RunMetrics> {
  const { metricsPort, metricsAddress, quiet } = merged.settings;
  if (metricsPort === undefined) {
    const where = merged.origins.get("metricsAddress");
    if (where !== undefined) throw new UsageError(`${where} does nothing without --metrics-port`);
    return NO_METRICS;
  }
  const sink = new PrometheusSink({ version: VERSION, nodeVersion: process.versions.node });
  let probe: Probe | null = null;
  let paths: DirectPaths = new Map();
  const server: MetricsServer = await startMetricsServer({
    port: metricsPort,
    address: metricsAddress,
    metrics: () => {
      const now = probe?.snapshot();
      return sink.text(now?.drops, phasesOf(now?.backends ?? [], paths));
    },
  });
  // A port that nobody could know otherwise is told even when all else is kept quiet.
  if (!quiet || metricsPort === 0) io.stderr.write(`drainprobe: metrics at ${server.url}/metrics\n`);
  return {
    sinks: [sink],
    follow: (running, direct = new Map()) => {
      probe = running;
      paths = direct;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** A backend that no path leads to alone has no label here: its name may be any host's. */
function phasesOf(
  backends: readonly { readonly backend: string; readonly phase: Phase }[],
  paths: DirectPaths,
): Record<string, Phase> {
  return Object.fromEntries(
    backends.flatMap(({ backend, phase }) => {
      const path = paths.get(backend);
      return path === undefined ? [] : [[path, phase] as const];
    }),
  );
}
