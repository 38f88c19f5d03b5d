import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LogRecord } from "../src/events/index.js";
import { replay } from "../src/replay.js";
import { type JsonlSink, openJsonlSink } from "../src/sinks/jsonl-sink.js";
import { LogParts, logParts } from "../src/sinks/log-parts.js";
import { simulateRun } from "./connection-simulator.js";
import { foldAll, HEADER } from "./trace-builder.js";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "drainprobe-parts-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const MIB = 1024 * 1024;

/** Writes at the pace of the disk, so that chunks are written while others come. */
async function write(sink: JsonlSink, records: readonly LogRecord[]): Promise<void> {
  for (const [index, record] of records.entries()) {
    sink.write(record);
    if (index % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    if (index % 5_000 === 0) await new Promise((resolve) => setTimeout(resolve, 60));
  }
}

function bytesOf(path: string): number {
  return [...logParts(path), path].reduce((sum, file) => sum + statSync(file).size, 0);
}

describe("a log in parts", () => {
  test("reads as one, and each part of it by itself", async () => {
    const path = join(dir, "parts.jsonl");
    const { trace } = simulateRun(5, 40_000);
    const log = [HEADER, ...trace.events, trace.footer()];
    const live = foldAll(log);
    const sink = await openJsonlSink(path, { maxBytes: 12 * MIB });
    for (const verdict of live.verdicts) sink.appendVerdict(verdict);
    await write(sink, log);
    expect(await sink.close()).toMatchObject({ droppedEvents: 0, lostBytes: 0, removedParts: 0, failed: null });

    const parts = logParts(path);
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.every((part) => part.endsWith(".gz"))).toBe(true);
    for (const file of [...parts, path]) expect(statSync(file).mode & 0o777).toBe(0o600);
    const text = gunzipSync(readFileSync(parts[1] ?? "")).toString();
    expect(JSON.parse(text.slice(0, text.indexOf("\n")))).toMatchObject({
      kind: "run.header",
      run: HEADER.run,
      part: 2,
    });
    expect(text.endsWith("\n")).toBe(true);

    const recorded: string[] = [];
    const { summary, problems } = await replay(path, { onRecordedVerdict: (line) => recorded.push(line) });
    expect(problems).toEqual([]);
    expect(JSON.stringify(summary)).toBe(JSON.stringify(live.summary));
    expect(recorded).toHaveLength(live.verdicts.length);
    expect((await replay(parts[1] ?? "")).header?.run).toBe(HEADER.run);
  });

  test("stays below its size: the oldest parts go, and both the result and a reader are told", async () => {
    const path = join(dir, "bounded.jsonl");
    const { trace } = simulateRun(6, 60_000);
    const maxBytes = MIB;
    const sink = await openJsonlSink(path, { maxBytes });
    await write(sink, [HEADER, ...trace.events, trace.footer()]);
    const { removedParts, failed } = await sink.close();
    expect(failed).toBe(null);
    expect(removedParts).toBeGreaterThan(2);
    // One chunk more than a part may be in the file in use.
    expect(bytesOf(path)).toBeLessThan(maxBytes + 512 * 1024);
    const { summary, header } = await replay(path);
    expect(header).toMatchObject({ run: HEADER.run });
    expect(summary.drops["missing events"]).toBeGreaterThan(1_000);
    expect(summary.verdict).not.toBe("pass");
  });

  test("stays below its size even where nothing gets packed", async () => {
    const path = join(dir, "starved.jsonl");
    const parts = new LogParts(path, MIB);
    const bytes = parts.partBytes;
    const end = (): void => {
      const name = parts.nextName();
      writeFileSync(name, `${JSON.stringify(HEADER)}\n`.repeat(bytes).slice(0, bytes));
      parts.ended(name, bytes);
    };
    end();
    // From here on this thread is busy: what is being packed stays half packed.
    while (!existsSync(`${path}.0001.packing`)) await new Promise((resolve) => setImmediate(resolve));
    for (let n = 0; n < 20; n++) {
      end();
      const all = readdirSync(dir).filter((name) => name.startsWith("starved.jsonl"));
      const sum = all.reduce((total, name) => total + statSync(join(dir, name)).size, 0);
      expect(sum + bytes).toBeLessThanOrEqual(MIB);
    }
    await parts.settled();
    expect({ failed: parts.failed, count: parts.count }).toEqual({ failed: null, count: 21 });
    expect(readdirSync(dir).filter((name) => /^starved.*\.packing$/.test(name))).toEqual([]);
    expect(logParts(path).at(-1)).toBe(`${path}.0021.gz`);
  });

  test("a part that was being packed when the process was killed is read from its plain file", async () => {
    const path = join(dir, "killed.jsonl");
    writeFileSync(`${path}.0001`, `${JSON.stringify(HEADER)}\n`);
    writeFileSync(`${path}.0001.packing`, "half of it");
    writeFileSync(path, "");
    expect(logParts(path)).toEqual([`${path}.0001`]);
    expect((await replay(path)).header?.run).toBe(HEADER.run);
  });
});

describe("two runs on one name", () => {
  const record = (seq: number): LogRecord => ({ kind: "run.mark", name: "x", seq, t: seq, u: 0 });

  test("the second is refused while the first writes, even if it may overwrite", async () => {
    const path = join(dir, "two.jsonl");
    const first = await openJsonlSink(path);
    first.write(HEADER);
    first.write(record(1));
    await expect.poll(() => statSync(path).size).toBeGreaterThan(0);
    await expect(openJsonlSink(path)).rejects.toMatchObject({ code: "LOG_UNWRITABLE" });
    await expect(openJsonlSink(path, { overwrite: true })).rejects.toThrow(/another run seems to be writing it/);
    first.write({ kind: "run.footer", t: 2, events: 1, scheduled: {}, drops: {}, reason: "stopped" });
    expect(await first.close()).toMatchObject({ failed: null });
    const second = await openJsonlSink(path, { overwrite: true });
    await second.close();
  });

  test("of two that begin at the same moment, neither writes into the other's file, and the one that lost its name is told", async () => {
    const path = join(dir, "race.jsonl");
    const sinks = await Promise.all([
      openJsonlSink(path, { overwrite: true }),
      openJsonlSink(path, { overwrite: true }),
    ]);
    for (const [index, sink] of sinks.entries()) for (let n = 0; n < 1_000; n++) sink.write(record(index * 10_000 + n));
    const results = await Promise.all(sinks.map((sink) => sink.close()));
    expect(results.map(({ failed }) => failed).sort()).toEqual(["ESTALE", null].sort());
    const seqs = readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { seq: number }).seq);
    const from = seqs[0] ?? -1;
    expect(seqs).toEqual(Array.from({ length: 1_000 }, (_, n) => from + n));
    expect(readdirSync(dir).filter((name) => name.includes(".new-"))).toEqual([]);
    expect(existsSync(path)).toBe(true);
  });
});
