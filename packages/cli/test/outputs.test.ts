import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Summary } from "@drainprobe/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli } from "./support/capture.js";
import { withMarkers } from "./support/markers.js";
import { HELD, type Stage, stage } from "./support/scenario.js";

type Json = Readonly<Record<string, unknown>>;

interface Interval {
  readonly level: string;
  readonly source: string;
  readonly locator: { readonly type: string; readonly keys: Readonly<Record<string, string>> };
  readonly message: { readonly cause: string; readonly annotations: Readonly<Record<string, string>> };
  readonly from: string;
  readonly to: string;
}

/** What of an event every reader of the trace event format asks for, by its phase. */
function expectTraceEvent(event: Json): void {
  expect(event).toMatchObject({
    name: expect.any(String),
    ph: expect.any(String),
    pid: expect.any(Number),
    tid: expect.any(Number),
  });
  switch (event.ph) {
    case "M":
      expect(event.args).toEqual({ name: expect.any(String) });
      return;
    case "X":
      expect(event).toMatchObject({ ts: expect.any(Number), dur: expect.any(Number) });
      expect(event.dur).toBeGreaterThanOrEqual(0);
      return;
    case "i":
      expect(["t", "p", "g"]).toContain(event.s);
      expect(event.ts).toEqual(expect.any(Number));
      return;
    case "b":
    case "e":
      expect(event).toMatchObject({ ts: expect.any(Number), id: expect.any(String), cat: expect.any(String) });
      return;
    default:
      expect.fail(`nobody asked for ${String(event.ph)}`);
  }
}

describe("outputs for other programs", () => {
  let server: Stage;
  let log: string;
  let summary: Summary;
  const path = (name: string): string => join(server.folder, name);
  const read = (name: string): string => readFileSync(path(name), "utf8");

  beforeAll(async () => {
    server = await stage("rst-in-flight");
    log = path("run.jsonl");
    await cli(["run", ...server.target, ...HELD, "--no-self-test", "--quiet", "--duration", "600ms", "--out", log]);
    writeFileSync(path("rollout.jsonl"), withMarkers(readFileSync(log, "utf8")));
    const all = ["--junit", path("j.xml"), "--monitor-intervals", path("m.json"), "--chrome-trace", path("t.json")];
    const told = await cli(["report", "--json", ...all, path("rollout.jsonl")]);
    expect(told.code).toBe(1);
    summary = JSON.parse(told.stdout) as Summary;
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it("changes neither what is printed nor the exit code", async () => {
    const plain = await cli(["report", log]);
    const withFiles = await cli(["report", "--junit", path("x.xml"), log]);
    expect(withFiles).toEqual(plain);
    expect(existsSync(path("x.xml"))).toBe(true);
  });

  it("JUnit has one case for each threshold, objective and path, and counts that are right", () => {
    const xml = read("j.xml");
    const names = [...xml.matchAll(/<testcase classname="drainprobe\.(\w+)" name="([^"]+)"/g)].map(
      (match) => `${match[1]} ${match[2]}`,
    );
    const { thresholds, rollout, paths } = summary;
    expect(rollout?.objectives).toHaveLength(3);
    expect(names).toEqual([
      ...thresholds.map(({ name }) => `threshold ${name}`),
      ...(rollout?.objectives ?? []).map(
        ({ name, text }) => `objective ${name}: ${text.replaceAll("<", "&lt;").replaceAll(">", "&gt;")}`,
      ),
      ...paths.map(({ path: name }) => `path path ${name}`),
    ]);
    const count = (pattern: RegExp): number => xml.match(pattern)?.length ?? 0;
    const [, tests, failures, skipped] = /tests="(\d+)" failures="(\d+)" errors="0" skipped="(\d+)"/.exec(xml) ?? [];
    expect([tests, failures, skipped].map(Number)).toEqual([names.length, count(/<failure /g), count(/<skipped /g)]);
    expect(xml).toMatch(/name="maxConnectionFailures"[^>]*>\s*<failure message="1 seen, at most 0"/);
    expect(xml).toMatch(
      /name="path target"[^>]*>\s*<failure message="[^"]*1x connection reset \(RST\), without GOAWAY"/,
    );
  });

  it("a monitor interval has whole seconds, and the milliseconds in its annotations", () => {
    const { items } = JSON.parse(read("m.json")) as { items: Interval[] };
    const [incident] = summary.incidents;
    const own = items.find(({ level }) => level === "Error");
    expect(own).toMatchObject({
      source: "Disruption",
      locator: {
        type: "Disruption",
        keys: { connection: "reused", "backend-disruption-name": "drainprobe-target-reused-connections" },
      },
      message: {
        cause: "tcp.reset",
        annotations: { reason: "DisruptionBegan", close: "reset", "drainprobe-connection": String(incident?.conn) },
      },
    });
    for (const { from, to, message, source, locator } of items) {
      for (const time of [from, to]) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(Date.parse(to)).toBeGreaterThan(Date.parse(from));
      const { annotations } = message;
      expect(Date.parse(from)).toBeLessThanOrEqual(Date.parse(annotations["from-exact"] ?? ""));
      expect(Date.parse(to)).toBeGreaterThanOrEqual(Date.parse(annotations["to-exact"] ?? ""));
      expect(annotations["duration-ms"]).toMatch(/^\d+\.\d{3}$/);
      expect(["Disruption", "APIServerShutdown"]).toContain(source);
      for (const value of [...Object.values(annotations), ...Object.values(locator.keys)])
        expect(value).toEqual(expect.any(String));
    }
    expect(items.map(({ from }) => from)).toEqual(items.map(({ from }) => from).sort());
    expect(
      items
        .filter(({ source }) => source === "APIServerShutdown")
        .map(({ locator, message }) => [locator.keys.node, message.cause]),
    ).toContainEqual(["master-<0>", "terminating-not-ready"]);
  });

  it("a trace has every connection, its end and the requests lost with it", () => {
    const { traceEvents } = JSON.parse(read("t.json")) as { traceEvents: Json[] };
    for (const event of traceEvents) expectTraceEvent(event);
    const of = (ph: string, cat: string): Json[] => traceEvents.filter((event) => event.ph === ph && event.cat === cat);
    const connections = [...readFileSync(log, "utf8").matchAll(/"kind":"tcp.connect.started"/g)].length;
    expect(of("X", "connection")).toHaveLength(connections);
    expect(of("b", "request")).toHaveLength(summary.requests.failed);
    expect(of("e", "request").map(({ id }) => id)).toEqual(of("b", "request").map(({ id }) => id));
    const [incident] = summary.incidents;
    expect(
      of("i", "moment")
        .filter(({ tid }) => tid === incident?.conn)
        .map(({ name }) => name),
    ).toEqual(expect.arrayContaining(["RST", "reset: tcp.reset"]));
    expect(of("X", "phase").map(({ name }) => name)).toContain("terminating-not-ready");
    const named = new Set(traceEvents.filter(({ ph }) => ph === "M").map(({ pid }) => pid));
    for (const { pid } of traceEvents) expect(named).toContain(pid);
    // One axis for several logs: microseconds since 1970.
    for (const event of traceEvents) if (typeof event.ts === "number") expect(event.ts).toBeGreaterThan(1.6e15);
  });

  it("several logs share a file", async () => {
    await cli(["report", "--junit", path("two.xml"), "--chrome-trace", path("two.json"), log, path("rollout.jsonl")]);
    expect(read("two.xml").match(/<testsuite /g)).toHaveLength(2);
    const { traceEvents } = JSON.parse(read("two.json")) as { traceEvents: Json[] };
    const names = traceEvents.filter(({ ph }) => ph === "M").map(({ args }) => String((args as Json).name));
    expect(names.some((name) => /^\S+ \(rollout\): /.test(name))).toBe(true);
  });

  it("says of a file that cannot be written what is wrong with it", async () => {
    for (const flag of ["--junit", "--monitor-intervals", "--chrome-trace"]) {
      const { code, stderr } = await cli(["report", flag, join(server.folder, "none", "x"), log]);
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringMatching(new RegExp(`${flag} .*no such file\\n$`)),
      });
    }
  });

  it("an inconclusive run skips what it cannot say", async () => {
    const cut = readFileSync(log, "utf8").split("\n").slice(0, 1).join("\n");
    writeFileSync(path("cut.jsonl"), `${cut}\n`);
    expect((await cli(["report", "--junit", path("cut.xml"), path("cut.jsonl")])).code).toBe(3);
    expect(read("cut.xml")).toMatch(/failures="0" errors="0" skipped="[1-9]/);
  });
});
