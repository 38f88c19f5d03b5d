import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Incident, Verdict } from "../classify/verdict-types.js";
import type { LogRecord, RunHeader } from "../events/index.js";
import { createFold } from "../verdict/fold.js";
import { mergeNodes, stayedOnHost } from "./merge-nodes.js";
import { byHarm, NodeRecorder, type NodeView } from "./node-view.js";
import { sharedInstants } from "./same-instant.js";
import { TimeBins } from "./time-bins.js";
import { orderOf, WallTimeline } from "./wall-timeline.js";

const MS = 1_000_000;
const S = 1000 * MS;

const header = (node: string, startMs: number): RunHeader => ({
  kind: "run.header",
  format: 1,
  run: `run-${node}`,
  node,
  reference: {
    monotonicEpochNs: "1",
    wall: new Date(Date.UTC(2026, 10, 22, 12) + startMs).toISOString().replace("Z", "000000Z"),
    wallErrorNs: 1_000,
    kernelDelayNs: 500_000,
  },
  config: {},
  versions: {},
  addresses: [],
  lanes: ["vip", "local"].map((path) => ({
    path,
    lane: "fresh.tcp",
    url: "https://10.0.0.2:6443/",
    ratePerSecond: 10,
    sessions: 0,
    pingIntervalNs: 0,
  })),
});

/** A run of `fresh.tcp` connections each 100 ms on both paths; those of `vip` that begin in `refused` (ms of wall time) fail. */
function view(node: string, startMs: number, refused: readonly (readonly [number, number])[]): NodeView {
  const recorder = new NodeRecorder();
  const fold = createFold({ onVerdict: (verdict) => recorder.verdict(verdict) });
  const push = (record: LogRecord): void => {
    recorder.record(record);
    fold.push(record);
  };
  push(header(node, startMs));
  let seq = 0;
  let conn = 0;
  for (let ms = 0; ms < 10_000; ms += 100) {
    for (const path of ["vip", "local"]) {
      const [t, u] = [ms * MS, 500_000];
      conn += 1;
      const remote = path === "vip" ? "10.0.0.2:6443" : "10.0.0.5:6443";
      push({ kind: "tcp.connect.started", seq: ++seq, t, u, conn, path, lane: "fresh.tcp", remote, intended: t });
      const fails = path === "vip" && refused.some(([from, to]) => startMs + ms >= from && startMs + ms < to);
      if (fails) {
        const error = { code: "ECONNREFUSED", syscall: "connect", errno: -111 };
        push({ kind: "tcp.connect.failed", seq: ++seq, t: t + MS, u, conn, ...error });
      } else {
        push({ kind: "tcp.connect.complete", seq: ++seq, t: t + MS, u, conn, local: "10.0.0.5:40000", remote });
        push({ kind: "tcp.close.started", seq: ++seq, t: t + MS, u, conn, reason: "lane.complete", how: "rst" });
        push({ kind: "tcp.closed", seq: ++seq, t: t + MS, u, conn, bytesRead: 0, bytesWritten: 0 });
      }
    }
  }
  return recorder.view(fold.finish().incidents);
}

describe("mergeNodes", () => {
  it("puts logs that began at different times on one axis, and groups what may be one instant", () => {
    const merged = mergeNodes([view("m0", 0, [[5000, 5100]]), view("m1", 2_050, [[5000, 5100]])]);
    expect(merged.base).toBe("2026-11-22T12:00:00.000000000Z");
    expect(merged.nodes.map(({ axis }) => axis?.(0).at)).toEqual([0, 2_050 * MS]);
    // 50 ms apart on two nodes: an order can be told, so they are no shared instant.
    expect(merged.shared).toEqual([]);
    const near = mergeNodes([view("m0", 0, [[5000, 5100]]), view("m1", 2_009, [[5000, 5100]])]);
    expect(near.shared.map(({ nodes, members }) => [nodes, members.length])).toEqual([[["m0", "m1"], 2]]);
    expect(
      mergeNodes([view("m0", 0, [[5000, 5100]]), view("m1", 2_009, [[5000, 5100]])], { clockSkewNs: 0 }).shared,
    ).toEqual([]);
  });

  it("names the balancer, or the hairpin of one node, by what the other paths saw meanwhile", () => {
    const [both] = mergeNodes([view("m0", 0, [[5000, 5300]]), view("m1", 30, [[5000, 5300]])]).episodes;
    expect(both).toMatchObject({ who: "balancer", where: "vip" });
    const [one] = mergeNodes([view("m0", 0, [[5000, 5300]]), view("m1", 30, [])]).episodes;
    expect(one).toMatchObject({ who: "hairpin", where: "m0" });
    expect(mergeNodes([view("m0", 0, [])]).episodes).toEqual([]);
  });

  it("tells where the balanced path of a node led, as the table shows it", () => {
    const alone = mergeNodes([view("m0", 0, [[5000, 5300]]), view("m1", 30, [])]);
    expect([1, 5.1].map((t) => stayedOnHost(alone, 0)(t * 1e9))).toEqual([null, true]);
    expect(stayedOnHost(alone, 1)(5.1e9)).toBeNull();
    const all = mergeNodes([view("m0", 0, [[5000, 5300]]), view("m1", 30, [[5000, 5300]])]);
    expect(stayedOnHost(all, 0)(5.1e9)).toBe(false);
    expect(stayedOnHost(all, 7)(5.1e9)).toBeNull();
  });

  it("accuses nobody for what was turned away with notice, and counts it all the same", () => {
    const recorder = new NodeRecorder();
    const tell = (more: object): void =>
      recorder.verdict({
        path: "vip",
        lane: "held",
        scope: "connection",
        t: 1e9,
        u: 1,
        evidence: [1],
        ...more,
      } as unknown as Verdict);
    tell({ type: "h2.goaway", close: "graceful" });
    tell({ type: "h2.goaway", request: 1, processed: "no" });
    tell({ type: "http.retry_after", request: 2, processed: "no", scope: "request" });
    const [held] = recorder.view([]).activity;
    expect([held?.failed.sum(0, 2e9), held?.accusing.sum(0, 2e9)]).toEqual([3, 0]);
    tell({ type: "h2.goaway", close: "broken-promise" });
    tell({ type: "h2.goaway", request: 3, processed: "maybe" });
    expect([held?.failed.sum(0, 2e9), held?.accusing.sum(0, 2e9)]).toEqual([5, 2]);
  });

  it("keeps apart what lies seconds apart", () => {
    const { episodes } = mergeNodes([
      view("m0", 0, [
        [2000, 2100],
        [6000, 6300],
      ]),
      view("m1", 30, [[6000, 6300]]),
    ]);
    expect(episodes.map(({ who }) => who)).toEqual(["hairpin", "balancer"]);
  });

  it("leaves out a log without header, and a second copy of a run, and says so", () => {
    const m0 = view("m0", 0, [[5000, 5100]]);
    const merged = mergeNodes([m0, m0, { ...view("m1", 0, [[5000, 5100]]), timeline: null, wall: null, run: null }]);
    expect(merged.nodes.map(({ leftOut }) => leftOut)).toEqual([
      null,
      "the same run as another log",
      "no header: its times cannot be put beside others",
    ]);
    expect(merged.shared).toEqual([]);
  });

  it("reads one log without header on its own clock", () => {
    const merged = mergeNodes([{ ...view("m0", 0, [[5000, 5100]]), timeline: null, wall: null, run: null }]);
    expect([merged.base, merged.episodes.length]).toEqual([null, 1]);
  });
});

describe("WallTimeline", () => {
  const WALL = "2026-11-22T12:00:00.000000000Z";

  it("follows a clock that is slewed between two anchors, and doubts it by what it moved", () => {
    const timeline = new WallTimeline(WALL, 1_000);
    timeline.anchor(10 * S, "2026-11-22T12:00:10.002000000Z", 2_000);
    const axis = timeline.since(WALL);
    expect(axis?.(0)).toEqual({ at: 0, errorNs: 2_000 + 2 * MS });
    expect(axis?.(5 * S)).toEqual({ at: 5 * S + MS, errorNs: 2_000 + 2 * MS });
    expect(axis?.(10 * S)).toEqual({ at: 10 * S + 2 * MS, errorNs: 2_000 });
    // After the last anchor it may have been slewed by 500 ppm.
    expect(axis?.(12 * S).errorNs).toBe(2_000 + MS);
    expect(timeline.worstError(12 * S)).toBe(2_000 + 2 * MS);
  });

  it("keeps a bounded number of anchors, and stays within its error", () => {
    const timeline = new WallTimeline(WALL, 0);
    for (let second = 1; second <= 20_000; second += 1) {
      timeline.anchor(second * S, new Date(Date.UTC(2026, 10, 22, 12) + second * 1000).toISOString(), 0);
    }
    expect(timeline.since(WALL)?.(12_345 * S)).toEqual({ at: 12_345 * S, errorNs: 0 });
  });

  it("takes no anchor that is no time", () => {
    const timeline = new WallTimeline(WALL, 0);
    timeline.anchor(S, "yesterday", 0);
    expect(timeline.since(WALL)?.(S).at).toBe(S);
    expect(timeline.since("yesterday")).toBeNull();
  });
});

describe("order across nodes", () => {
  const span = fc.tuple(fc.nat(1000), fc.nat(1000)).map(([from, length]) => ({ from, to: from + length }));

  it("is claimed outside all errors alone, and never both ways", () => {
    fc.assert(
      fc.property(span, span, fc.nat(100), (a, b, apart) => {
        const order = orderOf(a, b, apart);
        expect(orderOf(b, a, apart)).toBe({ before: "after", after: "before", unknown: "unknown" }[order]);
        const overlap = a.from <= b.to + apart && b.from <= a.to + apart;
        expect(order === "unknown").toBe(overlap);
      }),
    );
  });

  it("is never known between members of one group, and groups have two nodes", () => {
    const placed = fc.array(fc.tuple(span, fc.constantFrom("m0", "m1", "m2")), { maxLength: 40 });
    fc.assert(
      fc.property(placed, fc.nat(50), (all, apart) => {
        const groups = sharedInstants(
          all.map(([each, node], incident) => ({ log: 0, incident, node, span: each })),
          apart,
        );
        for (const { members, nodes } of groups) {
          expect(nodes.length).toBeGreaterThan(1);
          for (const a of members) for (const b of members) expect(orderOf(a.span, b.span, apart)).toBe("unknown");
        }
      }),
    );
  });
});

describe("TimeBins", () => {
  it("loses no count, however long the run", () => {
    const times = fc.array(fc.nat(1_000_000 * S), { maxLength: 200 });
    fc.assert(
      fc.property(times, (ts) => {
        const bins = new TimeBins();
        for (const t of ts) bins.add(t);
        expect(bins.counts().reduce((sum, count) => sum + count, 0)).toBe(ts.length);
        for (const t of ts) expect(bins.sum(t, t)).toBeGreaterThan(0);
        expect(bins.sum(0, 2_000_000 * S)).toBe(ts.length);
      }),
    );
  });
});

it("harm puts unsafe writes before lost requests before time", () => {
  const of = (unsafeToRetry: number, requestsFailed: number, t: number): Incident =>
    ({ unsafeToRetry, requestsFailed, t }) as Incident;
  const sorted = [of(0, 0, 1), of(0, 9, 3), of(1, 1, 4), of(0, 9, 2)].sort(byHarm);
  expect(sorted.map(({ t }) => t)).toEqual([4, 2, 3, 1]);
});
