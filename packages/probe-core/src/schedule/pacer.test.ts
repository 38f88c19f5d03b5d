import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NANOS_PER_MS, NANOS_PER_SECOND } from "../events/index.js";
import { backoffNs, Pacer, staggeredPhase } from "./index.js";

const SECOND = NANOS_PER_SECOND;

function drain(pacer: Pacer, now: number): { due: number[]; missed: number } {
  const due: number[] = [];
  const missed = pacer.take(now, due);
  return { due, missed };
}

describe("Pacer", () => {
  it("gives the times that have come, once each", () => {
    const pacer = new Pacer({ ratePerSecond: 10, startNs: 5, maxLatenessNs: SECOND });
    expect(drain(pacer, 4).due).toEqual([]);
    expect(drain(pacer, 5).due).toEqual([5]);
    expect(drain(pacer, 5).due).toEqual([]);
    expect(drain(pacer, 250_000_000).due).toEqual([100_000_005, 200_000_005]);
    expect(pacer.nextAt).toBe(300_000_005);
    expect(pacer.scheduled).toBe(3);
  });

  it("does not drift over ten hours, at a rate whose interval is no whole number of ns", () => {
    const pacer = new Pacer({ ratePerSecond: 7, startNs: 0, maxLatenessNs: SECOND });
    let last = -1;
    let count = 0;
    for (let now = 0; now <= 36_000 * SECOND; now += SECOND) {
      const { due, missed } = drain(pacer, now);
      expect(missed).toBe(0);
      count += due.length;
      last = due.at(-1) ?? last;
    }
    expect(count).toBe(7 * 36_000 + 1);
    expect(last).toBe(36_000 * SECOND);
  });

  it("counts what a stall swallowed, and still gives what is late by less than the bound", () => {
    const pacer = new Pacer({ ratePerSecond: 100, startNs: 0, maxLatenessNs: SECOND });
    drain(pacer, 0);
    const { due, missed } = drain(pacer, 3 * SECOND);
    expect(missed).toBe(199);
    expect(due).toHaveLength(101);
    expect(due[0]).toBe(2 * SECOND);
    expect(pacer.scheduled).toBe(301);
  });

  it("steps over a night of sleep at once", () => {
    const pacer = new Pacer({ ratePerSecond: 100_000, startNs: 0, maxLatenessNs: NANOS_PER_MS });
    const { due, missed } = drain(pacer, 40_000 * SECOND);
    expect(missed + due.length).toBe(4_000_000_001);
    expect(due.length).toBeLessThanOrEqual(101);
  });

  it("starts a slow lane soon, whatever its phase", () => {
    const pacer = new Pacer({ ratePerSecond: 0.01, startNs: 0, phase: 0.99, maxLatenessNs: SECOND });
    expect(pacer.nextAt).toBeLessThan(250 * NANOS_PER_MS);
  });

  it("gives each operation exactly once, in order, however it is asked", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 5_000, noNaN: true }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.array(fc.integer({ min: 0, max: 2_000_000_000 }), { maxLength: 40 }),
        (ratePerSecond, phase, steps) => {
          const pacer = new Pacer({ ratePerSecond, startNs: 0, phase, maxLatenessNs: SECOND });
          let now = 0;
          let seen = 0;
          let last = -1;
          for (const step of steps) {
            now += step;
            const { due, missed } = drain(pacer, now);
            seen += missed + due.length;
            for (const intended of due) {
              // Plain comparisons: there are millions of them.
              if (intended <= last || intended > now || intended < now - SECOND) return false;
              last = intended;
            }
            if (pacer.scheduled !== seen || pacer.nextAt <= now) return false;
          }
          return true;
        },
      ),
    );
  });
});

describe("staggeredPhase", () => {
  it("keeps any number of lanes apart", () => {
    for (const lanes of [2, 7, 40]) {
      const phases = Array.from({ length: lanes }, (_, n) => staggeredPhase(n)).sort((a, b) => a - b);
      const gaps = phases.map((phase, n) => (phases[n + 1] ?? 1 + phases[0]!) - phase);
      expect(Math.min(...gaps)).toBeGreaterThan(0.3 / lanes);
    }
  });
});

describe("backoffNs", () => {
  it("doubles from 50 ms to 1 s", () => {
    expect([0, 1, 2, 3, 4, 5, 6, 60].map(backoffNs).map((ns) => ns / NANOS_PER_MS)).toEqual([
      0, 50, 100, 200, 400, 800, 1_000, 1_000,
    ]);
  });
});
