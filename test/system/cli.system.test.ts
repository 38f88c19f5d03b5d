import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Summary } from "@drainprobe/core";
import { describe, expect, it } from "vitest";
import { packetStories } from "../../bench/src/packets/packet-story.js";
import { startCapture } from "./support/capture.js";
import { judge } from "./support/judge.js";
import { hasYoungSlowStream } from "./support/observe.js";
import { type OwnedProcess, startProcess } from "./support/owned-process.js";
import { makeDir } from "./support/run-dir.js";
import { readRunLog } from "./support/run-log.js";
import { RunWatch } from "./support/run-watch.js";
import { type Nginx, startNginx } from "./support/servers/nginx.js";

const BIN = fileURLToPath(new URL("../../packages/cli/dist/bin.js", import.meta.url));

/** The built program, as a user starts it. */
describe("drainprobe run", () => {
  it("beside `nginx -s stop` exits with 1 and says what was lost", async () => {
    await using nginx = await startNginx();
    await using capture = await startCapture(nginx.port);
    const dir = makeDir("cli");
    const out = join(dir, "run.jsonl");
    const run = await startRun(nginx, dir, ["--out", out, "--slow", nginx.slowPath, "--idle", "1"]);
    const watch = new RunWatch(out);
    await watch.until("a slow response in flight", hasYoungSlowStream);
    await watch.until("held requests answered", (seen) => (seen.answered.get("held") ?? 0) >= 10);
    nginx.stop();
    await watch.until("refused connects", (seen) => seen.refused("fresh.tcp") >= 3);
    run.signal("SIGINT");
    const exit = await run.exited;
    expect(exit, run.stderr()).toEqual({ code: 1, signal: null });

    const summary = JSON.parse(run.stdout()) as Summary;
    expect(summary.schema).toBe("drainprobe.summary/1");
    expect(summary.verdict).toBe("fail");
    expect(summary.coverage.complete).toBe(true);
    expect(summary.coverage.insufficient).toEqual([]);
    // FIN or RST: see CUT in support/expectations.ts.
    const { abrupt, reset } = summary.connections.closed;
    expect(abrupt + reset).toBeGreaterThanOrEqual(4);
    expect(summary.connections.byType["tcp.refused"]).toBeGreaterThanOrEqual(3);
    const slow = summary.incidents.find((incident) => incident.lane === "slow" && incident.close !== null);
    expect(slow).toMatchObject({
      path: expect.any(String),
      type: expect.stringMatching(/^tcp\.(closed|reset|broken_pipe)$/),
      closeNotify: false,
      goaways: [],
      requestsInFlight: 1,
      requestsFailed: 1,
      unsafeToRetry: 0,
      remote: `127.0.0.1:${nginx.port}`,
    });
    expect(slow?.local).toMatch(/^127\.0\.0\.1:\d+$/);

    const log = readRunLog(out);
    const { disagreements } = judge(log, packetStories(await capture.finish(), nginx.port));
    expect(disagreements).toEqual([]);

    const report = await startProcess(process.execPath, [BIN, "report", "--json", out], { dir });
    expect((await report.exited).code, report.stderr()).toBe(1);
    const replayed = JSON.parse(report.stdout()) as Summary;
    for (const key of ["verdict", "requests", "connections", "incidents", "paths"] as const) {
      expect(replayed[key], key).toEqual(summary[key]);
    }
  });

  it("beside a server that goes on working exits with 0", async () => {
    await using nginx = await startNginx();
    const run = await startRun(nginx, makeDir("cli"), ["--duration", "2s", "--no-self-test"]);
    expect(await run.exited, run.stderr()).toEqual({ code: 0, signal: null });
    const summary = JSON.parse(run.stdout()) as Summary;
    expect(summary.verdict).toBe("pass");
    expect(summary.requests.failed).toBe(0);
    expect(summary.requests.ok).toBeGreaterThan(50);
  });
});

function startRun(nginx: Nginx, dir: string, more: readonly string[]): Promise<OwnedProcess> {
  expect(existsSync(BIN), "packages/cli/dist/bin.js: run `npm run build` first").toBe(true);
  const target = ["--target", nginx.url + nginx.fastPath, "--ca", nginx.certificate.caFile];
  const lanes = ["--sessions", "2", "--rate", "40", "--fresh-tcp", "5", "--fresh-tls", "5", "--fresh-h2", "5"];
  return startProcess(process.execPath, [BIN, "run", "--json", "--quiet", ...target, ...lanes, ...more], { dir });
}
