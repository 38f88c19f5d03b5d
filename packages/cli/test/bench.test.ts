import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { CapturedIo, cli } from "./support/capture.js";
import { stage } from "./support/scenario.js";

interface Told {
  readonly schema: string;
  readonly opened: number;
  readonly worked: number;
  readonly failures: Record<string, number>;
  readonly statuses: Record<string, number>;
  readonly interrupted: boolean;
  readonly tls: string | null;
  readonly times: Record<string, Record<string, number | null>>;
  readonly cpuNsPerConnection: number;
}

const FAST = ["--rate", "100", "--json"];

describe("drainprobe bench churn", () => {
  it.each(["tcp", "hello", "tls", "h2"] as const)("%s: opens as many as asked for, and all work", async (kind) => {
    await using server = await stage("healthy");
    const { code, stdout, stderr } = await cli([
      "bench",
      "churn",
      ...server.target,
      ...FAST,
      "--kind",
      kind,
      "--count",
      "12",
    ]);
    const told = JSON.parse(stdout) as Told;
    expect(told).toMatchObject({ schema: "drainprobe.bench/1", kind, opened: 12, worked: 12, failures: {} });
    expect(code, stderr).toBe(0);
    expect(told.cpuNsPerConnection).toBeGreaterThan(0);
    expect(told.times.connect?.p50Ns).toBeGreaterThan(0);
    expect(told.statuses).toEqual(kind === "h2" ? { 200: 12 } : {});
    if (kind === "tls" || kind === "h2") expect(told.tls).toMatch(/^TLSv1\.3, /);
    expect(stderr).toMatch(/^drainprobe: puts load on https:.*: 100 new connections a second, 12 in all/);
  });

  it("keeps to the count in a closed loop, where a cap was lifted", async () => {
    await using server = await stage("healthy");
    const loop = ["--concurrency", "4", "--max-rate", "none", "--count", "20", "--json", "--quiet"];
    const { code, stdout, stderr } = await cli(["bench", "churn", ...server.target, ...loop]);
    expect(JSON.parse(stdout)).toMatchObject({ opened: 20, worked: 20, asked: 20 });
    expect([code, stderr]).toEqual([0, ""]);
  });

  it("names failures, and ends with 1", async () => {
    const server = createServer((socket) => socket.resetAndDestroy()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const { code, stdout } = await cli([
      "bench",
      "churn",
      "--target",
      `https://127.0.0.1:${port}`,
      ...FAST,
      "--count",
      "5",
    ]);
    server.close();
    const told = JSON.parse(stdout) as Told;
    expect([told.opened, told.worked, code]).toEqual([5, 0, 1]);
    expect(Object.values(told.failures).reduce((sum, number) => sum + number, 0)).toBe(5);
    expect(told.failures["tcp.reset"]).toBeGreaterThan(0);
  });

  it("tells it in words, an unchecked certificate included", async () => {
    await using server = await stage("healthy");
    const flags = ["--insecure-skip-tls-verify", "--count", "3"];
    const { code, stdout } = await cli(["bench", "churn", "--target", server.url, ...flags]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^fresh\.h2 to https:.*: 3 of 3 connections worked, /);
    expect(stdout).toMatch(/^ +p50 +p90 +p99 +max\n {2}connect /m);
    expect(stdout).toContain("the certificate was not checked");
  });

  it("ends at Ctrl-C with what it saw, inconclusive", async () => {
    await using server = await stage("healthy");
    const io = new CapturedIo();
    const ended = cli(["bench", "churn", ...server.target, "--rate", "1", "--json"], io);
    await io.shows("stderr", /puts load on/);
    io.interrupt();
    const { code, stdout } = await ended;
    const told = JSON.parse(stdout) as Told;
    expect([code, told.interrupted]).toEqual([3, true]);
    expect(told.opened).toBeLessThan(200);
    expect(io.listening).toBe(false);
  });
});
