import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PHASES, type Phase, type Summary } from "@drainprobe/core";
import { findScenario, type Running, startControlPlane } from "@drainprobe/testbed";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kubePrograms } from "../../packages/testbed/test/kube-programs.js";
import { filledIn, queriesOf, readDashboard } from "../support/dashboard.js";
import { type OwnedProcess, startProcess } from "./support/owned-process.js";
import { makeDir } from "./support/run-dir.js";
import { type InstantSample, type Prometheus, startPrometheus } from "./support/servers/prometheus.js";
import { until } from "./support/until.js";

const BIN = fileURLToPath(new URL("../../packages/cli/dist/bin.js", import.meta.url));

/** Each of these fails in its own way once, and is well ever after: so the counts stand still for a scraper to read. */
const PATHS = {
  reset: "rst-in-flight",
  ignored: "streams-above-last-ignored",
  refused: "rst-stream-refused",
  cut: "fin-mid-body",
} as const;

const SECONDS = "30s";

describe("a run that Prometheus scrapes", () => {
  const servers: Running[] = [];
  let run: OwnedProcess;
  let metricsUrl: string;
  let prometheus: Prometheus;

  beforeAll(async () => {
    expect(existsSync(BIN), "packages/cli/dist/bin.js: run `npm run build` first").toBe(true);
    const dir = makeDir("scraped");
    const targets: string[] = [];
    for (const [name, scenario] of Object.entries(PATHS)) {
      const running = await findScenario(scenario)!.start(1);
      servers.push(running);
      targets.push("--path", `${name}=${running.url}`);
      running.fired.catch(() => {});
      running.settled.catch(() => {});
    }
    writeFileSync(join(dir, "ca.pem"), servers[0]?.ca ?? "");
    const lanes = ["--sessions", "1", "--streams", "3", "--rate", "60"];
    run = await startProcess(
      process.execPath,
      [BIN, "run", "--json", "--quiet", "--ca", "ca.pem", ...targets, ...lanes, "--metrics-port", "0"],
      { dir },
    );
    const told = /metrics at (http:\/\/\S+)\/metrics\n/;
    metricsUrl = await until(() => told.exec(run.stderr())?.[1], { what: () => `its address: ${run.stderr()}` });
    prometheus = await startPrometheus(new URL(metricsUrl).host);
  });

  afterAll(async () => {
    if (run?.exit() === null) {
      run.signal("SIGKILL");
      await run.exited;
    }
    await prometheus?.[Symbol.asyncDispose]();
    for (const server of servers) await server.close();
  });

  it("is understood by promtool, without a complaint", async () => {
    await prometheus.queryUntil("drainprobe_ping_rtt_seconds_count", (samples) => samples.length > 0);
    const text = await (await fetch(`${metricsUrl}/metrics`)).text();
    const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  it("has every query of the dashboard parsed, and those of what happened answered", async () => {
    // Rates want two scrapes with something between them.
    await prometheus.queryUntil(`increase(drainprobe_requests_total{result="ok"}[${SECONDS}])`, (samples) =>
      samples.some(({ value }) => value > 0),
    );
    const empty: string[] = [];
    for (const { panel, expr } of queriesOf(readDashboard())) {
      const samples = await prometheus.query(filledIn(expr, SECONDS));
      if (samples.length === 0) empty.push(panel);
    }
    // No operation was missed or dropped, and the loop need not have stalled: everything else has an answer.
    // And no API server: their phases have a run of their own, below.
    const may = ["Schedule missed", "Drops", "Event loop stalls", "Not looked", "Termination phase"];
    expect(empty.filter((panel) => !may.includes(panel))).toEqual([]);
  });

  it("gives Prometheus the numbers of its own summary", async () => {
    const total = "sum(drainprobe_incidents_total) + sum(drainprobe_request_failures_total{scope='request'})";
    // One incident each of three paths, and one request that was refused by itself.
    await prometheus.queryUntil(total, (samples) => (samples[0]?.value ?? 0) >= Object.keys(PATHS).length);
    const byType = await prometheus.query("sum by (type) (drainprobe_request_failures_total)");
    const byPath = await prometheus.query("sum by (path) (drainprobe_request_failures_total)");
    const failedEnds = await prometheus.query("sum by (type) (drainprobe_connections_ended_total{type!='none'})");
    const unsafe = await prometheus.query("sum(drainprobe_requests_unsafe_to_retry_total)");
    const incidents = await prometheus.query("sum by (path, lane, type) (drainprobe_incidents_total)");
    const okSoFar = await prometheus.query("sum(drainprobe_requests_total{result='ok'})");
    expect(await prometheus.query("up")).toMatchObject([{ value: 1 }]);
    expect(await prometheus.query("drainprobe_self_test_passed")).toMatchObject([{ value: 1 }]);

    run.signal("SIGINT");
    expect((await run.exited).code, run.stderr()).toBe(1);
    const { requests, connections, incidents: listed, paths } = JSON.parse(run.stdout()) as Summary;
    const { abandoned: _, ...failedByType } = requests.byType;
    expect(asRecord(byType, "type")).toEqual(failedByType);
    expect(asRecord(byPath, "path")).toEqual(Object.fromEntries(paths.map((p) => [p.path, p.requests.failed])));
    expect(asRecord(failedEnds, "type")).toEqual(connections.byType);
    expect(unsafe[0]?.value).toBe(requests.unsafeToRetry);
    expect(incidents.map(({ labels }) => `${labels.path} ${labels.lane} ${labels.type}`).sort()).toEqual(
      listed.map(({ path, lane, type }) => `${path} ${lane} ${type}`).sort(),
    );
    expect(okSoFar[0]?.value).toBeGreaterThan(0);
    expect(okSoFar[0]?.value).toBeLessThanOrEqual(requests.ok);
  });

  it("is down for Prometheus once it has ended", async () => {
    await prometheus.queryUntil("up", ([sample]) => sample?.value === 0);
  });
});

/** As the dashboard's panel numbers them. */
const phaseNumber = (phase: Phase): number => PHASES.indexOf(phase);

describe("a rollout that Prometheus scrapes", () => {
  it("shows the phase of the server's termination, as the dashboard asks for it", async (test) => {
    await kubePrograms(test, "current");
    await using plane = await startControlPlane({
      parent: makeDir("kube"),
      flags: { shutdownDelayMs: 8_000, shutdownWatchGraceMs: 1_000 },
    });
    const [server] = plane.apiservers;
    if (server === undefined) throw new Error("a plane without a server");
    const kubeconfig = await plane.kubeconfig("admin");
    const dir = makeDir("scraped");
    const run = await startProcess(
      process.execPath,
      [BIN, "run", "--kubeconfig", kubeconfig, "--termination-log", server.logFile, "--json", "--metrics-port", "0"],
      { dir },
    );
    try {
      const told = /metrics at (http:\/\/\S+)\/metrics\n/;
      const url = await until(() => told.exec(run.stderr())?.[1], { what: () => `its address: ${run.stderr()}` });
      await using prometheus = await startPrometheus(new URL(url).host);
      const panel = queriesOf(readDashboard()).find((query) => query.panel === "Termination phase");
      const expr = filledIn(panel?.expr ?? "", SECONDS);
      const seen: number[] = [];
      const atLeast = (phase: Phase): Promise<unknown> =>
        prometheus.queryUntil(expr, (samples) => {
          const [sample] = samples;
          if (sample === undefined) return false;
          expect(sample.labels).toMatchObject({ path: "vip" });
          if (seen.at(-1) !== sample.value) seen.push(sample.value);
          return samples.length === 1 && sample.value >= phaseNumber(phase);
        });
      await atLeast("serving");
      const exit = server.terminate();
      await atLeast("terminating-not-ready");
      await exit;
      await atLeast("down");
      await server.start();
      await server.ready();
      await atLeast("ready");
      console.log(`phases scraped: ${seen.map((number) => PHASES[number]).join(", ")}`);
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
      expect(seen).toEqual(
        expect.arrayContaining([phaseNumber("serving"), phaseNumber("terminating-not-ready"), phaseNumber("ready")]),
      );
      // Exactly one phase at a time.
      expect(await prometheus.query("sum by (path) (drainprobe_backend_phase)")).toMatchObject([{ value: 1 }]);
    } finally {
      run.signal("SIGINT");
      await run.exited;
    }
    expect((JSON.parse(run.stdout()) as Summary).rollout?.rollouts).toHaveLength(1);
  });
});

function asRecord(samples: readonly InstantSample[], label: string): Record<string, number> {
  return Object.fromEntries(samples.map(({ labels, value }) => [labels[label] ?? "", value]));
}
