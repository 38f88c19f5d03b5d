import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli } from "../../packages/cli/test/support/capture.js";
import { withMarkers } from "../../packages/cli/test/support/markers.js";
import { HELD, stage } from "../../packages/cli/test/support/scenario.js";
import { PROMETHEUS_METRICS } from "../../packages/probe-core/src/index.js";
import { ROOT } from "../../scripts/lib/proc.mjs";

const RULES = join(ROOT, "docs/prometheus-rules.yaml");
const ENGINE = join(ROOT, "test/system/support/trace-engine.mjs");
const SCHEMAS = join(ROOT, "packages/cli/test/schemas");

interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
}

/** What the engine made of a trace. */
interface OpenedTrace {
  readonly generic: boolean;
  readonly bounds: { readonly min: number; readonly max: number };
  readonly bars: readonly (Omit<TraceEvent, "ph" | "pid"> & { readonly process: string | null })[];
  readonly spans: readonly Pick<TraceEvent, "name" | "ts" | "dur">[];
}

/** Outputs for other programs, given to those programs. */
describe("outputs", () => {
  const folder = mkdtempSync(join(process.env.DRAINPROBE_SYSTEM_DIR ?? tmpdir(), "outputs-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const tool = (program: string, args: readonly string[]): { status: number | null; text: string } => {
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
    return { status, text: stdout + stderr };
  };

  it.each(["rst-in-flight", "goaway-error-code-debug-data"])("JUnit of %s is valid for xmllint", async (name) => {
    await using server = await stage(name);
    const log = join(folder, `${name}.jsonl`);
    const xml = join(folder, `${name}.xml`);
    await cli(["run", ...server.target, ...HELD, "--no-self-test", "--quiet", "--duration", "600ms", "--out", log]);
    await cli(["report", "--junit", xml, log]);
    const schema = join(ROOT, "packages/cli/test/schemas/junit.xsd");
    expect(tool("xmllint", ["--noout", "--schema", schema, xml])).toEqual({ status: 0, text: `${xml} validates\n` });
    // The schema is no sieve: one attribute less, and it is refused.
    writeFileSync(xml, readFileSync(xml, "utf8").replace(/ errors="0"/, ""));
    expect(tool("xmllint", ["--noout", "--schema", schema, xml]).status).not.toBe(0);
  });

  describe("of a run whose server was reset and rolled out", () => {
    const [trace, intervals] = [join(folder, "trace.json"), join(folder, "intervals.json")];
    const parsed = <T>(file: string): T => JSON.parse(readFileSync(file, "utf8")) as T;

    beforeAll(async () => {
      await using server = await stage("rst-in-flight");
      const log = join(folder, "rolled.jsonl");
      await cli(["run", ...server.target, ...HELD, "--no-self-test", "--quiet", "--duration", "600ms", "--out", log]);
      writeFileSync(log, withMarkers(readFileSync(log, "utf8")));
      await cli(["report", "--chrome-trace", trace, "--monitor-intervals", intervals, log]);
    });

    it("the trace opens in the engine of Chromium's DevTools, each bar in its place", () => {
      const { status, text } = tool(process.execPath, [ENGINE, trace]);
      expect(status, text).toBe(0);
      const { generic, bounds, bars, spans } = JSON.parse(text) as OpenedTrace;
      const { traceEvents } = parsed<{ traceEvents: readonly (TraceEvent & { args: { name: string } })[] }>(trace);
      const names = new Map(
        traceEvents.filter(({ name }) => name === "process_name").map(({ pid, args }) => [pid, args.name]),
      );
      const own = traceEvents
        .filter(({ ph }) => ph === "X")
        .map(({ pid, tid, name, ts, dur }) => ({ process: names.get(pid), tid, name, ts, dur }));
      const sorted = (all: readonly object[]): string[] => all.map((one) => JSON.stringify(one)).sort();
      expect(own.map(({ name }) => name)).toEqual(expect.arrayContaining(["connection 1", "terminating-not-ready"]));
      expect(sorted(bars)).toEqual(sorted(own));
      const begun = traceEvents.filter(({ ph }) => ph === "b");
      expect(begun.length).toBeGreaterThan(0);
      expect(spans.map(({ name, ts }) => [name, ts])).toEqual(begun.map(({ name, ts }) => [name, ts]));
      for (const { dur } of spans) expect(dur).toBeGreaterThan(0);
      const times = traceEvents.filter(({ ph }) => ph !== "M").flatMap(({ ts, dur = 0 }) => [ts, ts + dur]);
      expect(generic).toBe(true);
      expect(bounds).toMatchObject({ min: Math.min(...times), max: Math.max(...times) });
    });

    it("the JSON of report and explain is, to the compiler, what the types of the library say", async () => {
      const seed = join(ROOT, "packages/probe-core/test/fixtures/graceful-termination-report.md");
      const summary = JSON.parse((await cli(["report", "--json", join(folder, "rolled.jsonl")])).stdout) as object;
      const explained = (await cli(["explain", "--json", "--year", "2020", seed])).stdout;
      const dir = mkdtempSync(join(folder, "types-"));
      const types = "Explanation, SignatureMatch, Summary";
      const write = (file: string, value: unknown): void =>
        writeFileSync(
          join(dir, file),
          `import type { ${types} } from "@drainprobe/core";
          export const summary: Summary = ${JSON.stringify(value)};
          export const explained: Explanation & { readonly signatures: readonly SignatureMatch[] } = ${explained};`,
        );
      write("right.ts", summary);
      write("another-word.ts", { ...summary, verdict: "perhaps" });
      write("one-more.ts", { ...summary, more: 1 });
      const paths = { "@drainprobe/core": [join(ROOT, "packages/probe-core/dist/index.d.ts")] };
      const strict = { strict: true, exactOptionalPropertyTypes: true, noEmit: true, skipLibCheck: true };
      const compilerOptions = { ...strict, module: "NodeNext", target: "ES2023", types: [], paths };
      writeFileSync(join(dir, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
      const { text } = tool(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", dir]);
      const errors = text.split("\n").filter((line) => line.includes("error TS"));
      expect(errors).toEqual([
        expect.stringMatching(/another-word\.ts.*not assignable/),
        expect.stringMatching(/one-more\.ts.*does not exist in type/),
      ]);
    }, 180_000);

    it("a trace that says less is not taken for whole", () => {
      const { traceEvents } = parsed<{ traceEvents: readonly TraceEvent[] }>(trace);
      const cut = join(folder, "cut-trace.json");
      writeFileSync(cut, JSON.stringify({ traceEvents: traceEvents.filter(({ ph }) => ph !== "e") }));
      const { spans } = JSON.parse(tool(process.execPath, [ENGINE, cut]).text) as OpenedTrace;
      expect(spans).toEqual([]);
    });

    it("the monitor intervals are valid for a schema of what origin's reader knows", () => {
      const schema = parsed<object>(join(SCHEMAS, "monitor-intervals.schema.json"));
      const validate = new Ajv2020({ allErrors: true }).compile(schema);
      const { items } = parsed<{ items: Record<string, unknown>[] }>(intervals);
      expect(validate({ items }), JSON.stringify(validate.errors, null, 1)).toBe(true);
      expect(new Set(items.map(({ source }) => source))).toEqual(new Set(["Disruption", "APIServerShutdown"]));
      // The schema is no sieve.
      for (const wrong of [
        { level: "Fatal" },
        { from: "2026-01-01T00:00:00.5Z" },
        { locator: { type: "Disruption", keys: { disruption: "x" } } },
        { message: { reason: "x", cause: "", humanMessage: "x", annotations: { reason: 1 } } },
      ]) {
        expect(validate({ items: [{ ...items[0], ...wrong }] }), JSON.stringify(wrong)).toBe(false);
      }
    });
  });

  it("the alert rules are valid for promtool, and name metrics that there are", () => {
    const { status, text } = tool("promtool", ["check", "rules", RULES]);
    expect(status, text).toBe(0);
    const named = new Set(readFileSync(RULES, "utf8").match(/\bdrainprobe_[a-z_]+/g));
    expect(named.size).toBeGreaterThan(4);
    for (const metric of named) expect(Object.keys(PROMETHEUS_METRICS)).toContain(metric);
  });

  it("each alert fires on what it is for, and is silent beside it", () => {
    const tests = readFileSync(join(ROOT, "test/system/prometheus-rules.test.yaml"), "utf8").replace("RULES", RULES);
    const file = join(folder, "rules.test.yaml");
    writeFileSync(file, tests);
    const { status, text } = tool("promtool", ["test", "rules", file]);
    expect(status, text).toBe(0);
    for (const [, alert] of readFileSync(RULES, "utf8").matchAll(/- alert: (\w+)/g)) {
      expect(tests, `no test of ${alert}`).toContain(`alertname: ${alert}`);
    }
  });
});
