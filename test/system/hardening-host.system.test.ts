import { execFileSync, spawn } from "node:child_process";
import { closeSync, constants, mkdirSync, openSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { replay, type Summary } from "@drainprobe/core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Network } from "./support/hardening/net.js";
import {
  BIN,
  type ProbeRun,
  recordsOf,
  type ServerProcess,
  startProbe,
  startServer,
  textOf,
  typesOf,
} from "./support/hardening/probe.js";
import { endAllIn } from "./support/owned-process.js";
import { makeDir } from "./support/run-dir.js";
import { until } from "./support/until.js";

const LIMITED = (script: string): string[] => ["sh", "-c", `${script}; exec "$0" "$@"`];
const CALM = ["--sessions", "1", "--rate", "20", "--idle", "1", "--fresh-h2", "2"];

let server: ServerProcess;
const dirs: string[] = [];
beforeAll(async () => {
  server = await startServer();
});
afterEach(async () => {
  for (const dir of dirs.splice(0)) await endAllIn(dir);
});
afterAll(() => endAllIn(server.dir));

async function probe(...parameters: Parameters<typeof startProbe>): Promise<ProbeRun> {
  const started = await startProbe(...parameters);
  dirs.push(started.dir);
  return started;
}

const target = (): string[] => ["--target", `http://127.0.0.1:${server.port}/`];

describe("this host runs out of something: inconclusive, and never an incident of the target's", () => {
  it("file descriptors: a limit of 64, set while it runs", async () => {
    const run = await probe([...target(), "--sessions", "100", "--rate", "50", "--duration", "4s"], {
      begun: '"run.header"',
    });
    execFileSync("prlimit", ["--pid", String(run.process.pid), "--nofile=64:64"]);
    const { code, summary } = await run.result();
    expect(typesOf(summary)).toContain("local.resources");
    expect([code, summary.verdict, summary.connections.failed], JSON.stringify(summary.coverage)).toEqual([
      3,
      "inconclusive",
      0,
    ]);
    expect(summary.coverage.insufficient.join()).toMatch(/for want of ports, descriptors or memory on this host/);
    expect(summary.incidents).toEqual([]);
  });

  it("file descriptors: fewer than it takes to start, which is told in one line", async () => {
    const run = await probe([...target(), "--duration", "1s"], { wrapping: LIMITED("ulimit -n 40"), begun: null });
    expect((await run.process.exited).code).toBe(2);
    await until(() => /^drainprobe: cannot start: .+\n$/.test(run.process.stderr()), {
      what: () => run.process.stderr(),
    });
  });

  it("ephemeral ports: eleven of them", async () => {
    using network = new Network();
    const host = network.host("a", "10.201.0.1");
    network.in("a", "sysctl", "-qw", "net.ipv4.ip_local_port_range=40000 40010");
    const inside = await startServer({ wrapping: host, host: "10.201.0.1" });
    dirs.push(inside.dir);
    const run = await probe(
      ["--target", `http://10.201.0.1:${inside.port}/`, "--sessions", "30", "--rate", "50", "--duration", "3s"],
      { wrapping: host },
    );
    const { code, summary } = await run.result();
    expect([code, summary.verdict, summary.connections.failed]).toEqual([3, "inconclusive", 0]);
    expect(summary.connections.byType["local.resources"]).toBeGreaterThan(10);
  });

  it("memory: a heap of 32 MB is enough for an ordinary run", async () => {
    const run = await probe([...target(), "--sessions", "4", "--rate", "200", "--fresh-h2", "10", "--duration", "5s"], {
      env: { NODE_OPTIONS: "--max-old-space-size=32" },
    });
    const { summary } = await run.result();
    expect(summary.requests.failed).toBe(0);
    expect(summary.requests.ok).toBeGreaterThan(300);
  });

  it("the processor: stopped for five seconds, which is our stall and no outage of theirs", async () => {
    const run = await probe([...target(), ...CALM, "--duration", "9s"]);
    run.process.signal("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    run.process.signal("SIGCONT");
    const { code, summary, records } = await run.result();
    expect([code, summary.verdict], JSON.stringify(summary.coverage.insufficient)).toEqual([3, "inconclusive"]);
    expect([summary.connections.failed, summary.requests.failed, summary.incidents]).toEqual([0, 0, []]);
    expect(summary.coverage.stalls.longestNs / 1e9).toBeGreaterThan(4.8);
    expect(records.filter(({ kind }) => kind === "process.stall").length).toBeGreaterThan(0);
    expect(summary.coverage.insufficient.join()).toContain("our own event loop stood still");
  });
});

describe("where the log goes", () => {
  const mounted: string[] = [];
  afterEach(() => {
    for (const folder of mounted.splice(0)) execFileSync("umount", ["-l", folder]);
  });
  function tmpfs(options: string): string {
    const folder = join(makeDir("mount"), "log");
    mkdirSync(folder);
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]);
    mounted.push(folder);
    return folder;
  }

  it("a full filesystem: the run goes on, its verdicts stand, the result is inconclusive and says why", async () => {
    const log = join(tmpfs("size=64k"), "run.jsonl");
    const run = await probe([...target(), "--sessions", "2", "--rate", "200", "--duration", "3s"], { log });
    const { code, summary } = await run.result();
    expect([code, summary.verdict]).toEqual([3, "inconclusive"]);
    expect(summary.requests.ok).toBeGreaterThan(100);
    expect(summary.coverage.insufficient.join()).toMatch(/ENOSPC|log events/);
    expect((await replay(log)).summary.verdict).toBe("inconclusive");
  });

  it("a read-only filesystem: refused before the run begins", async () => {
    const folder = tmpfs("ro");
    const run = await probe([...target(), ...CALM, "--duration", "1s"], {
      log: join(folder, "run.jsonl"),
      begun: null,
    });
    expect((await run.process.exited).code).toBe(2);
    await until(() => run.process.stderr().includes("EROFS"), { what: "the reason" });
  });

  it("a pipe whose reader stops reading: nothing waits for it, neither the run nor its end", async () => {
    const fifo = join(makeDir("fifo"), "log");
    execFileSync("mkfifo", [fifo]);
    const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    const run = await probe([...target(), "--sessions", "2", "--rate", "200", "--duration", "2s", "--overwrite"], {
      log: fifo,
      begun: null,
    });
    const { code } = await run.process.exited;
    closeSync(reader);
    await until(() => run.process.stdout().endsWith("}\n"), { what: () => `the summary: ${run.process.stderr()}` });
    const summary = JSON.parse(run.process.stdout()) as Summary;
    expect([code, summary.verdict]).toEqual([3, "inconclusive"]);
    expect(summary.requests.ok).toBeGreaterThan(100);
    expect(summary.coverage.insufficient.join()).toMatch(/the end of the log could not be written/);
  });

  it("stdout closed by its reader: the log is whole all the same", async () => {
    const dir = makeDir("closed");
    dirs.push(dir);
    const log = join(dir, "run.jsonl");
    const child = spawn(
      "sh",
      [
        "-c",
        '"$0" "$@" | true',
        process.execPath,
        BIN,
        "run",
        ...target(),
        ...CALM,
        "--no-self-test",
        "--quiet",
        "--duration",
        "1s",
        "--out",
        log,
      ],
      { stdio: ["ignore", "ignore", "inherit"] },
    );
    await new Promise((resolve) => child.once("exit", resolve));
    expect(recordsOf(log).some(({ kind }) => kind === "run.footer")).toBe(true);
    expect(statSync(log).mode & 0o777).toBe(0o600);
  });
});

describe("the wall clock is stepped", () => {
  it("forth by an hour and back by two: no time of the log runs backwards, and nothing fails", async () => {
    const dir = makeDir("clock");
    const file = join(dir, "faketime");
    writeFileSync(file, "+0");
    const env = {
      LD_PRELOAD: "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      DONT_FAKE_MONOTONIC: "1",
    };
    const run = await probe([...target(), ...CALM, "--duration", "13s"], { env });
    writeFileSync(file, "+3600");
    await until(() => anchors(run.log).length >= 2, { what: "an anchor after the step", withinMs: 20_000 });
    writeFileSync(file, "-3600");
    const { summary, records } = await run.result();
    expect([summary.connections.failed, summary.requests.failed]).toEqual([0, 0]);
    const times = records.flatMap((record) => ("seq" in record ? [record.t] : []));
    expect(times.every((t, n) => t >= (times[n - 1] ?? 0))).toBe(true);
    const walls = anchors(run.log).map((wall) => Date.parse(wall.replace(/(\.\d{3})\d*/, "$1")));
    const steps = walls.map((wall, n) => Math.round((wall - (walls[n - 1] ?? wall)) / 60_000));
    expect(steps.some((minutes) => minutes >= 59)).toBe(true);
    expect(steps.some((minutes) => minutes <= -118)).toBe(true);
  });

  function anchors(log: string): string[] {
    return textOf(log)
      .split("\n")
      .filter((line) => line.includes('"clock.anchor"') && line.endsWith("}"))
      .map((line) => (JSON.parse(line) as { wall: string }).wall);
  }
});
