import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { encodeVerdict } from "../src/classify/encode-verdict.js";
import type { Verdict } from "../src/classify/verdict-types.js";
import type { LogRecord } from "../src/events/index.js";
import { openJsonlSink } from "../src/sinks/jsonl-sink.js";
import { Chance, simulateRun } from "./connection-simulator.js";
import { SourceBuild } from "./source-build.js";
import { foldAll, HEADER } from "./trace-builder.js";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "drainprobe-sink-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Exit handlers that were there before we opened anything. */
const exitHandlers = process.listenerCount("exit");
afterEach(() => expect(process.listenerCount("exit")).toBe(exitHandlers));

const lines = (path: string): string[] => readFileSync(path, "utf8").split("\n");
const mark = (seq: number, name = "tick"): LogRecord => ({ kind: "run.mark", name, seq, t: seq, u: 0 });

describe("a log", () => {
  test("holds every record in order, then the verdicts", async () => {
    const path = join(dir, "whole.jsonl");
    const { trace } = simulateRun(7, 2_000);
    const log = [HEADER, ...trace.events, trace.footer()];
    const { verdicts } = foldAll(log);
    const sink = await openJsonlSink(path);
    for (const verdict of verdicts) sink.appendVerdict(verdict);
    for (const record of log) sink.write(record);
    const result = await sink.close();
    expect(result).toEqual({ droppedEvents: 0, droppedVerdicts: 0, lostBytes: 0, removedParts: 0, failed: null });
    const written = lines(path);
    expect(written).toEqual([...log.map((record) => JSON.stringify(record)), ...verdicts.map(encodeVerdict), ""]);
    expect(await sink.close()).toBe(result);
  });

  test("many chunks and text beyond ASCII", async () => {
    const path = join(dir, "large.jsonl");
    const sink = await openJsonlSink(path);
    const name = "Übergang→".repeat(50);
    for (let seq = 1; seq <= 5_000; seq += 1) sink.write(mark(seq, name));
    expect(await sink.close()).toMatchObject({ droppedEvents: 0, failed: null });
    const written = lines(path);
    expect(written).toHaveLength(5_001);
    expect(JSON.parse(written[4_999] ?? "")).toEqual(mark(5_000, name));
  });

  test("is its owner's only, also where an older one was not", async () => {
    const path = join(dir, "owner.jsonl");
    writeFileSync(path, "old and much longer than what comes\n");
    chmodSync(path, 0o644);
    await expect(openJsonlSink(path)).rejects.toMatchObject({ code: "LOG_UNWRITABLE" });
    const sink = await openJsonlSink(path, { overwrite: true });
    sink.write(mark(1));
    await sink.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(lines(path)).toEqual([JSON.stringify(mark(1)), ""]);
    await expect(openJsonlSink(join(dir, "no", "such", "dir"))).rejects.toMatchObject({ code: "LOG_UNWRITABLE" });
  });

  test("is written while it grows, without being closed", async () => {
    const path = join(dir, "growing.jsonl");
    const sink = await openJsonlSink(path);
    sink.write(mark(1));
    await expect.poll(() => lines(path).length).toBe(2);
    sink.write(mark(2));
    await expect.poll(() => lines(path).length).toBe(3);
    await sink.close();
  });

  test("what comes after close() is counted and not written", async () => {
    const path = join(dir, "late.jsonl");
    const sink = await openJsonlSink(path);
    await sink.close();
    sink.write(mark(1));
    expect(sink.droppedEvents).toBe(1);
    expect(readFileSync(path, "utf8")).toBe("");
  });
});

describe("bounds", () => {
  test("a backlog that is full drops events, and the log says how many; the footer is kept", async () => {
    const path = join(dir, "bounded.jsonl");
    const sink = await openJsonlSink(path, { backlogBytes: 1_000 });
    for (let seq = 1; seq <= 100; seq += 1) sink.write(mark(seq));
    const kept = 100 - sink.droppedEvents;
    expect(kept).toBeGreaterThan(10);
    expect(kept).toBeLessThan(30);
    const footer: LogRecord = { kind: "run.footer", t: 1, events: 100, scheduled: {}, drops: {}, reason: "duration" };
    sink.write(footer);
    expect(await sink.close()).toMatchObject({ droppedEvents: 100 - kept, lostBytes: 0 });
    const written = lines(path);
    expect(written.slice(kept)).toEqual([JSON.stringify(footer), `{"kind":"log.dropped","events":${100 - kept}}`, ""]);
  });

  test("verdicts over their bound are counted", async () => {
    const path = join(dir, "verdicts.jsonl");
    const { verdicts } = foldAll(simulateRun(3, 500).trace);
    const some: readonly Verdict[] = verdicts.slice(0, 10);
    const size = some.slice(0, 4).reduce((bytes, verdict) => bytes + encodeVerdict(verdict).length, 0);
    const sink = await openJsonlSink(path, { verdictBytes: size });
    for (const verdict of some) sink.appendVerdict(verdict);
    const { droppedVerdicts } = await sink.close();
    expect(droppedVerdicts + lines(path).length - 1).toBe(10);
    expect(lines(path).slice(0, 4)).toEqual(some.slice(0, 4).map(encodeVerdict));
  });
});

describe.skipIf(!existsSync("/dev/full"))("a full disk", () => {
  test("throws at nobody, and is told at the end", async () => {
    const sink = await openJsonlSink("/dev/full", { overwrite: true });
    for (let seq = 1; seq <= 10; seq += 1) sink.write(mark(seq));
    const bytes = 10 * (JSON.stringify(mark(1)).length + 1) + 2;
    expect(await sink.close()).toEqual({
      droppedEvents: 10,
      droppedVerdicts: 0,
      lostBytes: bytes,
      removedParts: 0,
      failed: "ENOSPC",
    });
  });
});

describe("the end of the process", () => {
  let build: SourceBuild;
  const children = new Set<ChildProcess>();
  beforeAll(() => {
    build = new SourceBuild();
  });
  afterAll(async () => {
    for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    build[Symbol.dispose]();
  });

  /** Writes 200 records at once, and ends as told. */
  const ENDING = `
    import { openJsonlSink } from "./sinks/jsonl-sink.js";
    const sinks = [await openJsonlSink(process.argv[2]), await openJsonlSink(process.argv[2] + ".2")];
    let seq = 0;
    const burst = () => { for (let n = 0; n < 100; n += 1) { seq += 1; for (const sink of sinks) sink.write({ kind: "run.mark", name: "x".repeat(1000), seq, t: seq, u: 0 }); } };
    burst();
    // The second burst comes while the first is being written.
    setTimeout(() => { burst(); if (process.argv[3] === "exit") process.exit(3); if (process.argv[3] === "throw") throw new Error("uncaught"); }, 51);
  `;

  test.each([
    ["process.exit", "exit", 3],
    ["an uncaught error", "throw", 1],
    ["nothing left to do", "drain", 0],
  ])("%s: nothing is lost, and nothing is there twice", async (_, how, code) => {
    const path = join(dir, `ending-${how}.jsonl`);
    const child = spawn(process.execPath, [build.program("ending.js", ENDING), path, how], { stdio: "ignore" });
    children.add(child);
    expect(await once(child, "exit")).toEqual([code, null]);
    for (const log of [path, `${path}.2`]) {
      const seqs = lines(log)
        .slice(0, -1)
        .map((line) => (JSON.parse(line) as { seq: number }).seq);
      expect(seqs).toEqual(Array.from({ length: 200 }, (_unused, index) => index + 1));
    }
  });

  /** Tells what became of the log when it is told to end it. */
  const LIMITED = `
    import { openJsonlSink } from "./sinks/jsonl-sink.js";
    const sink = await openJsonlSink(process.argv[2]);
    for (let seq = 1; seq <= 500; seq += 1) sink.write({ kind: "run.mark", name: "x".repeat(100), seq, t: seq, u: 0 });
    process.on("message", async () => { process.send(await sink.close()); process.disconnect(); });
  `;

  test.skipIf(!existsSync("/usr/bin/prlimit"))("a file that may not grow is tried again until it may", async () => {
    const path = join(dir, "limited.jsonl");
    const program = build.program("limited.js", LIMITED);
    // A limit of the process stands for a full disk: writes are cut short, then fail, then work again.
    const start = 'ulimit -S -f 8; exec "$0" "$@"';
    const child = spawn("/bin/sh", ["-c", start, process.execPath, program, path], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    children.add(child);
    await expect.poll(() => existsSync(path) && statSync(path).size > 0, { timeout: 10_000 }).toBe(true);
    const stuck = statSync(path).size;
    expect(stuck % 512).toBe(0);
    execFileSync("/usr/bin/prlimit", ["--pid", String(child.pid), "--fsize=unlimited:unlimited"]);
    await expect.poll(() => statSync(path).size, { timeout: 10_000 }).toBeGreaterThan(stuck);
    child.send("close");
    const [result] = await once(child, "message");
    expect(result).toEqual({ droppedEvents: 0, droppedVerdicts: 0, lostBytes: 0, removedParts: 0, failed: "EFBIG" });
    const seqs = lines(path)
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { seq: number }).seq);
    expect(seqs).toEqual(Array.from({ length: 500 }, (_unused, index) => index + 1));
  });

  /** One record each millisecond or so, dated by the clock that all processes of the host share. */
  const WRITING = `
    import { openJsonlSink } from "./sinks/jsonl-sink.js";
    const sink = await openJsonlSink(process.argv[2]);
    let seq = 0;
    process.send("ready");
    setInterval(() => {
      const t = Number(process.hrtime.bigint());
      for (let n = 0; n < 5; n += 1) { seq += 1; sink.write({ kind: "run.mark", name: "tick", seq, t, u: 0 }); }
    }, 1);
  `;

  test("kill -9 takes at most the last 100 ms", async () => {
    const seed = Math.floor(Date.now() / 1000);
    console.log(`seed ${seed}`);
    const chance = new Chance(seed);
    const program = build.program("writing.js", WRITING);
    const lost: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      const path = join(dir, `killed-${round}.jsonl`);
      const child = spawn(process.execPath, [program, path], { stdio: ["ignore", "ignore", "ignore", "ipc"] });
      children.add(child);
      await once(child, "message");
      // Something must be in the log before a moment can be chosen in which more is on its way.
      await expect.poll(() => statSync(path).size, { timeout: 10_000 }).toBeGreaterThan(0);
      const until = process.hrtime.bigint() + BigInt(100 + chance.below(300)) * 1_000_000n;
      const exit = once(child, "exit");
      await expect.poll(() => process.hrtime.bigint() > until, { interval: 1, timeout: 5_000 }).toBe(true);
      const killed = Number(process.hrtime.bigint());
      child.kill("SIGKILL");
      await exit;
      const whole = readFileSync(path, "utf8").split("\n").slice(0, -1);
      const records = whole.map((line) => JSON.parse(line) as { seq: number; t: number });
      expect(records.map(({ seq }) => seq)).toEqual(records.map((_, index) => index + 1));
      lost.push((killed - (records.at(-1)?.t ?? 0)) / 1e6);
    }
    console.log(`lost before the kill, ms: ${lost.map((ms) => ms.toFixed(0)).join(" ")}`);
    // The bound is the flush interval, a turn of the event loop and a write. A machine that gives the child no time adds to
    // what was not even written by then, so one round may be beyond it.
    expect(lost.filter((ms) => ms > 100).length).toBeLessThanOrEqual(1);
    expect(Math.min(...lost)).toBeLessThan(60);
  });
});
