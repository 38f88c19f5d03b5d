import { readFileSync } from "node:fs";
import { describe, expect, expectTypeOf, it } from "vitest";
import "./entries/vitest.js";
import type {
  EventOf,
  Incident,
  LaneOptions,
  LogRecord,
  Probe,
  ProbeEvent,
  ProbeOptions,
  Summary,
  VerdictType,
} from "./index.js";
import * as root from "./index.js";

/** A name at the root is a promise to everybody; what few need has an entry point of its own. */
const AT_ROOT = [
  "CLIENT_GO_FATES",
  "CLOSES",
  "DrainprobeError",
  "ERROR_CODES",
  "EVENT_KINDS",
  "H2_ERROR_NAMES",
  "LANES",
  "LIMITS",
  "LOG_FORMAT",
  "MARKERS",
  "MARKER_SOURCES",
  "MemorySink",
  "PHASES",
  "PROMETHEUS_CONTENT_TYPE",
  "PROMETHEUS_METRICS",
  "PrometheusSink",
  "VERDICT_TYPES",
  "createExplainer",
  "createFold",
  "createProbe",
  "encodeVerdict",
  "fresh",
  "h2ErrorName",
  "held",
  "idle",
  "openJsonlSink",
  "replay",
  "signaturesOfExplanation",
  "signaturesOfRuns",
  "slow",
  "watch",
];

describe("the public API", () => {
  it("has these names at its root, and few others", () => {
    expect(Object.keys(root)).toEqual(expect.arrayContaining(AT_ROOT));
    expect(Object.keys(root).length).toBeLessThanOrEqual(AT_ROOT.length + 5);
  });

  it("has an entry point for each file of entries/, and only matchers that change something when imported", () => {
    const { exports, sideEffects } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    const own = ["assert", "classify", "h2", "jest", "kube", "merge", "testing", "vitest", "witness"];
    expect(Object.keys(exports).sort()).toEqual([".", ...own.map((name) => `./${name}`), "./package.json"].sort());
    expect(sideEffects).toEqual(["./dist/entries/jest.js", "./dist/entries/vitest.js"]);
  });
});

describe("types", () => {
  it("of a probe", () => {
    expectTypeOf(root.createProbe).parameters.toEqualTypeOf<[ProbeOptions]>();
    expectTypeOf(root.createProbe).returns.resolves.toEqualTypeOf<Probe>();
    expectTypeOf<Probe>().toExtend<AsyncDisposable>();
    expectTypeOf<Probe["records"]>().returns.toEqualTypeOf<AsyncIterable<LogRecord>>();
    expectTypeOf<Probe["stop"]>().returns.resolves.toEqualTypeOf<Summary>();
  });

  it("of options: lanes in one object or several, and one way to say where", () => {
    expectTypeOf(root.held()).toEqualTypeOf<LaneOptions>();
    expectTypeOf<{ target: string; lanes: LaneOptions[] }>().toExtend<ProbeOptions>();
    expectTypeOf<{ paths: { name: string; url: string }[]; lanes: LaneOptions }>().toExtend<ProbeOptions>();
    expectTypeOf<{ target: { url: string; ca: undefined }; lanes: LaneOptions }>().not.toExtend<ProbeOptions>();
    expectTypeOf<{ target: string }>().not.toExtend<ProbeOptions>();
  });

  it("of records: the kind tells the fields", () => {
    expectTypeOf<EventOf<"h2.goaway.received">["lastStreamId"]>().toBeNumber();
    expectTypeOf<Extract<ProbeEvent, { kind: "tcp.rst.received" }>["afterFin"]>().toBeBoolean();
    expectTypeOf<Incident["type"]>().toEqualTypeOf<VerdictType>();
    expectTypeOf<Summary["verdict"]>().toEqualTypeOf<"pass" | "fail" | "inconclusive">();
  });

  it("of the matchers", () => {
    expectTypeOf(expect(0).toHaveIncident).toBeCallableWith({ type: "tcp.reset", close: null });
    expectTypeOf(expect(0).toDrainCleanly).toBeCallableWith({ maxNewConnectionGapMs: 500 });
  });
});
