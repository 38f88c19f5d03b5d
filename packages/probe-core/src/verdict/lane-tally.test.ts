import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LogHistogram } from "../attribute/log-histogram.js";
import { LaneTally, smallestOutage } from "./lane-tally.js";

const S = 1_000_000_000;

/** Share of outages of this length that meet no operation, by trying every start in small steps. */
function missedShare(starts: readonly number[], duration: number, length: number): number {
  const steps = 20_000;
  let missed = 0;
  for (let step = 0; step < steps; step += 1) {
    const from = ((step + 0.5) / steps) * duration;
    // An outage that would outlast the run meets nothing after its end.
    if (!starts.some((t) => t >= from && t < from + length)) missed += 1;
  }
  return missed / steps;
}

describe("smallestOutage", () => {
  test("of a regular schedule: 95 % of its interval", () => {
    const tally = new LaneTally("vip", "fresh.tcp", 0);
    for (let t = 0; t < 60 * S; t += S / 20) tally.started(t, t);
    const { smallestOutageNs, longestBlindGapNs } = tally.coverage(60 * S, 1_200);
    expect(longestBlindGapNs).toBe(S / 20);
    // A bucket is 1/32 wide, and the bound is told from its upper end.
    expect(smallestOutageNs).toBeGreaterThanOrEqual(0.95 * (S / 20));
    expect(smallestOutageNs).toBeLessThanOrEqual(0.95 * (S / 20) * (1 + 1 / 16));
  });

  test("never promises more than a count of all outages finds", () => {
    const gap = fc.oneof(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 1, max: 100_000 }));
    fc.assert(
      fc.property(fc.array(gap, { minLength: 2, maxLength: 30 }), (gaps) => {
        const histogram = new LogHistogram();
        const starts: number[] = [];
        let t = 0;
        for (const g of gaps) {
          histogram.record(g);
          t += g;
          starts.push(t);
        }
        const told = smallestOutage(histogram, t);
        expect(told).not.toBeNull();
        // The grid of starts is as fine as the share it can tell.
        expect(missedShare(starts, t, told ?? 0)).toBeLessThanOrEqual(0.05 + 0.002);
      }),
      { numRuns: 60 },
    );
  });

  test("one operation in the middle", () => {
    const tally = new LaneTally("vip", "held", 0);
    tally.started(15 * S, 15 * S);
    const { smallestOutageNs } = tally.coverage(30 * S, null);
    expect(smallestOutageNs).toBeGreaterThanOrEqual(14.25 * S);
    expect(smallestOutageNs).toBeLessThanOrEqual(14.75 * S);
  });

  test("null where nothing was looked at", () => {
    const tally = new LaneTally("vip", "held", 0);
    expect(tally.coverage(30 * S, 10)).toEqual({
      path: "vip",
      lane: "held",
      scheduled: 10,
      sent: 0,
      lost: 10,
      longestBlindGapNs: 30 * S,
      smallestOutageNs: null,
      latenessNs: null,
    });
  });
});

describe("what counts as looking", () => {
  test("held: operations and PING answers against blindness, operations alone against outages", () => {
    const tally = new LaneTally("vip", "held", 0);
    for (let t = 0; t <= 10 * S; t += S / 4) tally.pinged(t);
    tally.started(5 * S, 5 * S);
    const coverage = tally.coverage(10 * S, null);
    expect(coverage.sent).toBe(1);
    expect(coverage.longestBlindGapNs).toBe(S / 4);
    expect(coverage.smallestOutageNs).toBeGreaterThan(4 * S);
  });

  test.each(["idle", "watch", "slow"] as const)("%s: PING answers against both", (lane) => {
    const tally = new LaneTally("vip", lane, 0);
    for (let t = 0; t <= 10 * S; t += S / 4) tally.pinged(t);
    const coverage = tally.coverage(10 * S, null);
    expect(coverage.sent).toBe(lane === "idle" ? 41 : 0);
    expect(coverage.smallestOutageNs).toBeLessThan(S / 4);
  });

  test("lateness is start minus intended start", () => {
    const tally = new LaneTally("vip", "held", 0);
    for (let n = 1; n <= 100; n += 1) tally.started(n * S + (n === 100 ? 7_000 : 16), n * S);
    expect(tally.coverage(101 * S, null).latenessNs).toEqual({ p50: 16, p99: 16, max: 7_000 });
  });
});
