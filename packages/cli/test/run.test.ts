import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Summary } from "@drainprobe/core";
import { describe, expect, it } from "vitest";
import type { CliIo } from "../src/io.js";
import { main } from "../src/main.js";
import { BrokenPipe, CapturedIo, cli, NOT_FAILED } from "./support/capture.js";
import { HELD, stage } from "./support/scenario.js";

const ESC = "\x1b";
const FAST = ["--no-self-test", "--quiet"];
/** Little enough for a busy machine to keep up with. */
const CALM = ["--sessions", "1", "--rate", "20", "--idle", "1", "--fresh-h2", "2"];

/** A port of this machine on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

describe("drainprobe run", () => {
  it("against a server that resets a connection: exit 1, and the JSON says what happened", async () => {
    await using server = await stage("rst-in-flight");
    const out = join(server.folder, "run.jsonl");
    const { code, stdout, stderr } = await cli([
      "run",
      ...server.target,
      ...HELD,
      ...FAST,
      "--duration",
      "1s",
      "--json",
      "--out",
      out,
    ]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    const summary = JSON.parse(stdout) as Summary;
    expect(summary).toMatchObject({
      schema: "drainprobe.summary/1",
      verdict: "fail",
      requests: { failed: 3, byScope: { connection: 3, request: 0 }, byType: { "tcp.reset": 3 }, unsafeToRetry: 0 },
      connections: {
        opened: 2,
        failed: 1,
        closed: { reset: 1, graceful: 0, "broken-promise": 0, abrupt: 0, silent: 0 },
        byType: { "tcp.reset": 1 },
      },
      coverage: { complete: true },
      selfTest: { ran: false },
      drops: {},
    });
    expect(summary.incidents).toHaveLength(1);
    const [incident] = summary.incidents;
    expect(incident).toMatchObject({
      path: "target",
      lane: "held",
      type: "tcp.reset",
      close: "reset",
      remote: new URL(server.url).host,
      requestsInFlight: 3,
      requestsFailed: 3,
      unsafeToRetry: 0,
      goaways: [],
    });
    expect(incident?.local).toMatch(/^127\.0\.0\.1:\d+$/);
    const lines = readFileSync(out, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toMatchObject({ kind: "run.header", format: 1 });
    expect(lines.filter((line) => line.kind === "run.footer")).toHaveLength(1);
    const verdicts = lines.filter((line) => line.kind === "verdict");
    expect(verdicts).toEqual(lines.slice(-verdicts.length));
    expect(verdicts.filter((line) => line.type === "tcp.reset" && "request" in line)).toHaveLength(3);
    expect(statSync(out).mode & 0o077, "the log is its owner's").toBe(0);
  });

  it("against a healthy server: exit 0, and a report that begins with the verdict", async () => {
    await using server = await stage("healthy");
    const { code, stdout, stderr } = await cli(["run", ...server.target, ...FAST, ...CALM, "--duration", "2500ms"]);
    expect(stdout).toMatch(/^PASS: nothing failed: \d+ requests answered/);
    expect(stdout).toContain("Coverage");
    expect(stdout).toContain("self-test: not run");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  it("against nobody: exit 1, in plain words", async () => {
    const target = ["--target", `https://127.0.0.1:${await closedPort()}`];
    const { code, stdout } = await cli(["run", ...target, ...HELD, ...FAST, "--duration", "500ms"]);
    expect(code).toBe(1);
    expect(stdout.replace(/\s+/g, " ")).toMatch(
      /^FAIL: nothing could be reached: \d+ attempts? to connect, none worked \(connection refused\)/,
    );
  });

  it("reports what it says: report of its log is the same, byte for byte", async () => {
    await using server = await stage("goaway-then-rst-mid-body");
    const out = join(server.folder, "run.jsonl");
    const run = await cli([
      "run",
      ...server.target,
      ...HELD,
      ...FAST,
      "--duration",
      "700ms",
      "--out",
      out,
      "--max-connection-failures",
      "none",
    ]);
    const report = await cli(["report", out]);
    expect(report.stdout).toBe(run.stdout);
    expect({ code: report.code, stderr: report.stderr }).toEqual({ code: run.code, stderr: "" });
    expect(run.code, run.stdout).toEqual(NOT_FAILED);
    const strict = await cli(["report", "--max-connection-failures", "0", out]);
    expect(strict.code).toBe(1);
  });

  it("proves itself first, and tells that in the log", async () => {
    await using server = await stage("healthy");
    const out = join(server.folder, "run.jsonl");
    const { code, stdout, stderr } = await cli([
      "run",
      ...server.target,
      "--duration",
      "300ms",
      "--json",
      "--out",
      out,
    ]);
    expect(stderr).toMatch(/self-test passed: \d+ faults named rightly/);
    const { selfTest } = JSON.parse(stdout) as Summary;
    expect({ code, selfTest }).toMatchObject({ code: NOT_FAILED, selfTest: { ran: true, passed: true, failures: [] } });
    const report = await cli(["report", "--json", out]);
    expect((JSON.parse(report.stdout) as Summary).selfTest).toEqual(selfTest);
  });

  it("takes its settings from a file, and flags win", async () => {
    await using server = await stage("healthy");
    const config = join(server.folder, "probe.yaml");
    writeFileSync(
      config,
      `target: ${server.url}\nca: ca.pem\nself-test: false\nquiet: true\nidle: 2\nduration: 1h\nsessions: 0\n`,
    );
    const { code, stdout } = await cli(["run", "--config", config, "--duration", "300ms", "--json"]);
    const { coverage, connections } = JSON.parse(stdout) as Summary;
    expect({ code, lanes: coverage.lanes.map(({ lane }) => lane), opened: connections.opened }).toEqual({
      code: NOT_FAILED,
      lanes: ["idle"],
      opened: 2,
    });
  });

  it("keeps an existing log, unless told otherwise", async () => {
    await using server = await stage("healthy");
    const out = join(server.folder, "run.jsonl");
    writeFileSync(out, "precious");
    const argv = ["run", ...server.target, ...FAST, "--duration", "200ms", "--out", out];
    expect((await cli(argv)).code).toBe(2);
    expect(readFileSync(out, "utf8")).toBe("precious");
    expect((await cli([...argv, "--overwrite"])).code).toEqual(NOT_FAILED);
    expect(readFileSync(out, "utf8")).toMatch(/^\{"kind":"run\.header"/);
  });

  it("never writes a token", async () => {
    await using server = await stage("healthy");
    const out = join(server.folder, "run.jsonl");
    const token = join(server.folder, "token");
    writeFileSync(token, "very-secret-token");
    const outcome = await cli([
      "run",
      ...server.target,
      ...FAST,
      "--duration",
      "300ms",
      "--token-file",
      token,
      "--out",
      out,
      "--json",
    ]);
    expect(outcome.code).toEqual(NOT_FAILED);
    expect(outcome.stdout + outcome.stderr + readFileSync(out, "utf8")).not.toContain("very-secret-token");
  });

  it("warns, run and report alike, when certificates were not checked", async () => {
    await using server = await stage("healthy");
    const out = join(server.folder, "run.jsonl");
    const argv = [
      "run",
      "--target",
      server.url,
      "--insecure-skip-tls-verify",
      ...FAST,
      "--duration",
      "300ms",
      "--out",
      out,
    ];
    const { code, stdout } = await cli(argv);
    expect({ code, warned: stdout.includes("WARNING: certificates were not verified") }).toEqual({
      code: NOT_FAILED,
      warned: true,
    });
    expect((await cli(["report", out])).stdout).toBe(stdout);
  });

  it("judges by the thresholds it was given", async () => {
    await using server = await stage("status-500");
    const argv = ["run", ...server.target, ...HELD, ...FAST, "--duration", "600ms"];
    const strict = await cli(argv);
    expect({ code: strict.code, alone: strict.stdout.includes("Requests that failed by themselves") }).toEqual({
      code: 1,
      alone: true,
    });
    expect(strict.stdout).toMatch(/^FAIL: \d+ requests? failed on connections that were well/);
    const lax = await cli([...argv, "--max-request-failures", "none"]);
    expect(lax.code).toEqual(NOT_FAILED);
  });
});

describe("drainprobe run, interrupted", () => {
  it("ends in an orderly way at the first signal and still gives its verdict", async () => {
    await using server = await stage("healthy");
    const io = new CapturedIo();
    const log = join(server.folder, "interrupted.jsonl");
    const done = cli(["run", ...server.target, "--no-self-test", "--json", "--out", log], io);
    await io.shows("stderr", /probing target/);
    io.interrupt();
    const { code, stdout } = await done;
    expect(readFileSync(log, "utf8")).toMatch(/"kind":"run\.footer",.*"reason":"signal"\}$/m);
    const summary = JSON.parse(stdout) as Summary;
    expect({ code, complete: summary.coverage.complete, exits: io.exits }).toEqual({ code, complete: true, exits: [] });
    expect([0, 3]).toContain(code);
    expect(io.listening, "the signal handlers are gone").toBe(false);
  });

  it("ends at once at the second", async () => {
    await using server = await stage("healthy");
    const io = new CapturedIo();
    const done = cli(["run", ...server.target, "--no-self-test"], io);
    await io.shows("stderr", /probing target/);
    io.interrupt();
    io.interrupt();
    expect(io.exits).toEqual([3]);
    await done;
  });

  it("during the self-test observes nothing and says so", async () => {
    await using server = await stage("healthy");
    const io = new CapturedIo();
    const done = cli(["run", ...server.target], io);
    io.interrupt();
    const { code, stdout, stderr } = await done;
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toContain("ended before the run began");
  });
});

describe("streams", () => {
  it("a reader that went away changes nothing about the verdict", async () => {
    await using server = await stage("healthy");
    const io = new CapturedIo();
    const broken: CliIo = { ...io, stdin: io.stdin, stdout: new BrokenPipe(), stderr: io.stderr, env: {} };
    const code = await main(["run", ...server.target, ...FAST, "--duration", "300ms"], broken);
    expect({ code, stderr: io.text("stderr") }).toEqual({ code: NOT_FAILED, stderr: "" });
  });

  it("plain progress: a line at the start and one for each incident, nothing on stdout but the report", async () => {
    await using server = await stage("rst-in-flight");
    const { stdout, stderr } = await cli(["run", ...server.target, ...HELD, "--no-self-test", "--duration", "600ms"]);
    expect(stderr).toMatch(/^drainprobe: probing target https:\S+: held 1x3 at 60\/s; wire engine, for 600 ms\n/);
    expect(stderr.match(/connection reset \(RST\), without GOAWAY: held/g)).toHaveLength(1);
    expect(stdout).toMatch(/^FAIL: /);
    expect(stdout + stderr).not.toContain("\x1b");
  });

  it("in a terminal redraws in place and gives the cursor back", async () => {
    await using server = await stage("healthy");
    const io = new CapturedIo({ tty: true, env: { NO_COLOR: "1" } });
    const { stderr } = await cli(["run", ...server.target, ...HELD, "--no-self-test", "--duration", "900ms"], io);
    expect(stderr).toContain("\x1b[?25l");
    expect(stderr.lastIndexOf("\x1b[?25h")).toBeGreaterThan(stderr.lastIndexOf("\x1b[?25l"));
    const drawn = stderr.split("\x1b[J").length - 1;
    expect(drawn, "four redraws a second at most").toBeLessThanOrEqual(6);
    expect(stderr).toMatch(/held +\d+ +[\d.-]+ +\d+ +\d+/);
    for (const paint of ["\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m"]) expect(stderr, "NO_COLOR").not.toContain(paint);
  });

  it("colours follow FORCE_COLOR", async () => {
    await using server = await stage("healthy");
    const io = new CapturedIo({ env: { FORCE_COLOR: "1" } });
    const { stdout } = await cli(["run", ...server.target, ...FAST, "--duration", "200ms"], io);
    expect(stdout).toMatch(new RegExp(`^${ESC}\\[3[23]m`));
  });

  it("--quiet says nothing, and leaves no log behind unasked", async () => {
    await using server = await stage("healthy");
    const { stderr } = await cli(["run", ...server.target, ...FAST, "--duration", "200ms"]);
    expect(stderr).toBe("");
    expect(existsSync(join(server.folder, "run.jsonl"))).toBe(false);
  });
});
