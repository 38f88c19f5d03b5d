import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeVerdict } from "../src/classify/encode-verdict.js";
import type { Verdict } from "../src/classify/verdict-types.js";
import type { RunHeader } from "../src/events/index.js";
import { LIMITS } from "../src/limits.js";
import { type ReplayResult, replay } from "../src/replay.js";
import { openJsonlSink } from "../src/sinks/jsonl-sink.js";
import { readLog } from "../src/sinks/log-reader.js";
import { createFold } from "../src/verdict/fold.js";
import type { Summary, Thresholds } from "../src/verdict/summary-types.js";
import { Chance, simulateRun } from "./connection-simulator.js";
import { HEADER } from "./trace-builder.js";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "drainprobe-replay-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Records a simulated run as a probe does, live verdicts at its end. */
async function record(path: string, seed: number): Promise<Summary> {
  const { trace } = simulateRun(seed, 1_500);
  const sink = await openJsonlSink(path, { overwrite: true });
  const fold = createFold({ onVerdict: (verdict) => sink.appendVerdict(verdict) });
  for (const entry of [HEADER, ...trace.events, trace.footer()]) {
    sink.write(entry);
    fold.push(entry);
  }
  const summary = fold.finish();
  await sink.close();
  return summary;
}

/** The bytes of a log in pieces cut anywhere. */
async function* pieces(bytes: Buffer, chance: Chance): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; ) {
    const length = 1 + chance.below(chance.maybe(0.5) ? 7 : 5_000);
    yield bytes.subarray(from, from + length);
    from += length;
  }
}

async function replayText(text: string): Promise<ReplayResult> {
  return replay(Readable.from([text]));
}

const logOf = (seed: number): string[] => {
  const { trace } = simulateRun(seed, 200);
  return [HEADER, ...trace.events, trace.footer()].map((entry) => JSON.stringify(entry));
};

describe("replay", () => {
  test("gives the live verdicts byte for byte, and the live summary, from a file and from chunks", async () => {
    for (const seed of [1, 2, 3]) {
      const path = join(dir, `run-${seed}.jsonl`);
      const live = await record(path, seed);
      const chunks = (): AsyncIterable<Uint8Array> => pieces(readFileSync(path), new Chance(seed));
      for (const source of [path, chunks()]) {
        const recorded: string[] = [];
        const replayed: Verdict[] = [];
        const result = await replay(source, {
          onRecordedVerdict: (line) => recorded.push(line),
          onVerdict: (verdict) => replayed.push(verdict),
        });
        expect(recorded.length).toBeGreaterThan(10);
        expect(replayed.map(encodeVerdict)).toEqual(recorded);
        expect(JSON.stringify(result.summary)).toBe(JSON.stringify(live));
        expect(result).toMatchObject({ header: HEADER, problems: [], footer: { reason: "duration" } });
      }
    }
  });

  test("several files give a result each", async () => {
    const paths = [join(dir, "a.jsonl"), join(dir, "b.jsonl")];
    const live = [await record(paths[0] ?? "", 11), await record(paths[1] ?? "", 12)];
    const results = await replay(paths);
    expect(results.map(({ source }) => source)).toEqual(paths);
    expect(results.map(({ summary }) => summary)).toEqual(live);
  });

  test("a log cut off at any byte is judged up to there", async () => {
    const text = `${logOf(5).join("\n")}\n`;
    const bytes = Buffer.from(text);
    const chance = new Chance(5);
    for (let n = 0; n < 60; n += 1) {
      const cut = n === 0 ? 0 : chance.below(bytes.length - 2);
      const whole = bytes.subarray(0, cut).toString().split("\n").length - 1;
      const { summary, problems, footer } = await replay(pieces(bytes.subarray(0, cut), chance));
      expect(summary.verdict).not.toBe("pass");
      expect(footer).toBeNull();
      expect(problems.at(-1)?.message).toBe("the log has no footer: the run was cut off");
      const cutLine = bytes[cut - 1] !== 0x0a && cut > 0 && !isWhole(text, cut);
      expect(problems.some(({ line }) => line === whole + 1)).toBe(cutLine);
      expect(summary.drops["corrupt lines"]).toBeUndefined();
    }
  });

  test("a whole last line without its line feed counts", async () => {
    const { footer, problems } = await replayText(logOf(6).join("\n"));
    expect(footer).not.toBeNull();
    expect(problems).toEqual([]);
  });

  test("lines that are no record are told with their number, skipped and counted", async () => {
    const lines = logOf(7);
    lines.splice(3, 0, "{ not json", "", '{"kind":"tcp.closed","seq":4}');
    const { summary, problems } = await replayText(`${lines.join("\r\n")}\n`);
    expect(problems).toEqual([
      { line: 4, message: "not a record: not JSON" },
      { line: 6, message: "not a record: tcp.closed without seq, t or u" },
    ]);
    expect(summary.drops).toMatchObject({ "corrupt lines": 2 });
    expect(summary.coverage.insufficient).toContain("dropped: 2 corrupt lines");
  });

  test("problems are bounded, their count is not", async () => {
    const lines = logOf(8);
    lines.splice(3, 0, ...Array.from({ length: 500 }, () => "x"));
    const { summary, problems } = await replayText(lines.join("\n"));
    expect(problems).toHaveLength(LIMITS.replayProblems);
    expect(summary.drops["corrupt lines"]).toBe(500);
  });

  test("what the log says it lost is told", async () => {
    const { summary, problems } = await replayText([...logOf(9), '{"kind":"log.dropped","events":12}'].join("\n"));
    expect(summary.drops).toMatchObject({ "log events": 12 });
    expect(problems[0]?.message).toContain("12 records never reached the log");
  });

  test.each([
    ["two runs in one", `${JSON.stringify(HEADER)}\n${JSON.stringify(HEADER)}`, /holds more than one run/],
    ["a newer format", JSON.stringify({ ...HEADER, format: 2 }), /has format 2, newer/],
    ["no log at all", "hello\nworld\n", /is not a drainprobe log/],
    ["JSON, and no log", '{"a":1}\n[]\n', /is not a drainprobe log/],
  ])("refuses %s", async (_, text, message) => {
    await expect(replayText(text)).rejects.toMatchObject({
      code: "LOG_UNREADABLE",
      message: expect.stringMatching(message),
    });
  });

  test("refuses a file that is not there, and a folder", async () => {
    await expect(replay(join(dir, "none"))).rejects.toMatchObject({ code: "LOG_UNREADABLE" });
    await expect(replay(dir)).rejects.toMatchObject({ code: "LOG_UNREADABLE" });
  });

  test("an empty log is an inconclusive run", async () => {
    const path = join(dir, "empty.jsonl");
    writeFileSync(path, "");
    const { summary, problems, header } = await replay(path);
    expect(summary.verdict).toBe("inconclusive");
    expect(header).toBeNull();
    expect(problems[0]?.message).toBe("the log is empty");
  });

  test("a line longer than the limit is skipped without being kept", async () => {
    const lines = logOf(10);
    async function* chunks(): AsyncGenerator<string> {
      yield `${lines.slice(0, 4).join("\n")}\n`;
      for (let bytes = 0; bytes <= LIMITS.logLineBytes + 1_000_000; bytes += 1_000_000) yield "y".repeat(1_000_000);
      yield `\n${lines.slice(4).join("\n")}\n`;
    }
    const { problems, summary, footer } = await replay(chunks());
    expect(problems).toEqual([{ line: 5, message: "not a record: too long" }]);
    expect(summary.drops).toMatchObject({ "corrupt lines": 1 });
    expect(footer).not.toBeNull();
  });

  test("stops reading when its reader does", async () => {
    const path = join(dir, "a.jsonl");
    await record(path, 13);
    const seen: number[] = [];
    const enough = new Error("enough");
    const reading = readLog(path, ({ number }) => {
      seen.push(number);
      if (number === 3) throw enough;
    });
    await expect(reading).rejects.toBe(enough);
    expect(seen).toEqual([1, 2, 3]);
  });

  describe("packed by gzip", () => {
    const text = `${logOf(21).join("\n")}\n`;
    const half = text.indexOf("\n", text.length / 2) + 1;
    // Two members, as a log that is packed while it grows has them.
    const packed = Buffer.concat([gzipSync(text.slice(0, half)), gzipSync(text.slice(half))]);

    test("gives what the plain log gives, in pieces cut anywhere", async () => {
      const plain = await replayText(text);
      for (const seed of [1, 2]) expect(await replay(pieces(packed, new Chance(seed)))).toEqual(plain);
      writeFileSync(join(dir, "packed.jsonl.gz"), packed);
      expect((await replay(join(dir, "packed.jsonl.gz"))).summary).toEqual(plain.summary);
    });

    test("cut off, it is read up to there, and told", async () => {
      const cut = await replay(Readable.from([packed.subarray(0, packed.length - 200)]));
      expect(cut.footer).toBeNull();
      expect(cut.problems.at(-1)?.message).toBe("the log has no footer: the run was cut off");
      expect(cut.summary.verdict).not.toBe("pass");
      expect(cut.summary.requests.total).toBeGreaterThan(0);
    });

    test("damaged, it is read up to there, and told with the line", async () => {
      const damaged = Buffer.from(packed);
      damaged.fill(0xff, packed.length - 400, packed.length - 300);
      const { problems, summary } = await replay(pieces(damaged, new Chance(5)));
      expect(problems.map(({ message }) => message).join()).toMatch(/cannot be unpacked \(Z_DATA_ERROR\)/);
      expect(summary.drops).toHaveProperty("corrupt lines");
    });

    test("a source that fails is no damaged log", async () => {
      await expect(replay(join(dir, "none.jsonl.gz"))).rejects.toMatchObject({ code: "LOG_UNREADABLE" });
      async function* failing(): AsyncGenerator<Uint8Array> {
        yield packed.subarray(0, 100);
        throw Object.assign(new Error("gone"), { code: "EIO" });
      }
      await expect(replay(failing())).rejects.toThrow("cannot read the log: EIO");
    });
  });

  test("is judged by what its own header tells", async () => {
    const limits = { maxConnectionFailures: 1_000_000, maxRequestFailures: 1_000_000, maxUnsafe: 1_000_000 };
    const heard: (string | undefined)[] = [];
    const thresholds = (header: RunHeader | null): Thresholds => {
      heard.push(header?.node);
      return limits;
    };
    const { summary } = await replay(Readable.from([logOf(3).join("\n")]), { thresholds });
    expect(summary.thresholds.map(({ limit }) => limit)).toEqual([1_000_000, 1_000_000, 1_000_000]);
    await replay(Readable.from([logOf(3).slice(1).join("\n")]), { thresholds });
    expect(heard).toEqual([HEADER.node, undefined]);
  });

  test("a record is heard before its verdict", async () => {
    let last = 0;
    const late: number[] = [];
    await replay(Readable.from([logOf(4).join("\n")]), {
      onRecord: (record) => {
        if ("seq" in record) last = record.seq;
      },
      onVerdict: ({ evidence }) => {
        if ((evidence.at(-1) ?? 0) > last) late.push(last);
      },
    });
    expect([last > 100, late]).toEqual([true, []]);
  });
});

/** Does the text up to here end with a whole line that only lacks its line feed? */
function isWhole(text: string, cut: number): boolean {
  return Buffer.from(text)[cut] === 0x0a;
}
