import { describe, expect, it } from "vitest";
import { FakeClock } from "../src/clock/fake-clock.js";
import { STALL_NS, SystemClock } from "../src/clock/system-clock.js";
import { WallEstimate } from "../src/clock/wall-estimate.js";

const MS = 1_000_000;

const spin = (ms: number): void => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};

describe("SystemClock", () => {
  it("starts at its epoch, in whole nanoseconds, and never runs backwards", () => {
    const clock = new SystemClock();
    let last = clock.now();
    expect(last).toBeLessThan(50 * MS);
    for (let i = 0; i < 10_000; i++) {
      const t = clock.now();
      expect(Number.isSafeInteger(t) && t >= last).toBe(true);
      last = t;
    }
  });

  it("its epoch is a moment of process.hrtime", () => {
    const clock = new SystemClock();
    const before = process.hrtime.bigint() - BigInt(clock.monotonicEpochNs);
    const t = clock.now();
    const after = process.hrtime.bigint() - BigInt(clock.monotonicEpochNs);
    expect(t).toBeGreaterThanOrEqual(Number(before) - 20_000);
    expect(t).toBeLessThanOrEqual(Number(after) + 20_000);
  });

  it("takes about a millisecond to construct, and knows the wall clock to some microseconds then", () => {
    const began = performance.now();
    const clock = new SystemClock();
    // Twenty times what it takes: this machine is shared.
    expect(performance.now() - began).toBeLessThan(25);
    const before = Date.now();
    const { wall, errorNs } = clock.anchor();
    const after = Date.now();
    expect(wall).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    expect(errorNs).toBeGreaterThan(0);
    expect(errorNs).toBeLessThan(500_000);
    // Whole milliseconds, and the machine's other work between the three looks at the clock.
    expect(Date.parse(wall)).toBeGreaterThanOrEqual(before - 1);
    expect(Date.parse(wall)).toBeLessThanOrEqual(after + 1);
  });

  it("never errs by more than it says: the wall clock's millisecond lies in the interval", () => {
    const clock = new SystemClock();
    for (let i = 0; i < 2_000; i++) {
      const before = clock.now();
      const shown = Date.now();
      const after = clock.now();
      const earliest = clock.anchor(before);
      const latest = clock.anchor(after);
      expect(nanosSince(shown, earliest.wall) - earliest.errorNs).toBeLessThanOrEqual(MS);
      expect(nanosSince(shown, latest.wall) + latest.errorNs).toBeGreaterThanOrEqual(0);
    }
  });

  it("reports a stall that another piece of code made, with its length", async () => {
    const clock = new SystemClock();
    const stalls: { durationNs: number; endedAt: number }[] = [];
    const stop = clock.watchStalls((durationNs, at) => stalls.push({ durationNs, endedAt: at.t }));
    await new Promise((resolve) => setTimeout(resolve, 100));
    stalls.length = 0;
    const began = clock.now();
    spin(150);
    await new Promise((resolve) => setTimeout(resolve, 30));
    stop();
    const mine = stalls.find(({ endedAt }) => endedAt > began);
    expect(mine?.durationNs).toBeGreaterThan(150 * MS - 25 * MS);
    expect(mine?.durationNs).toBeGreaterThanOrEqual(STALL_NS);
  });

  it("gives what happened during a stall a bound that reaches back over it", async () => {
    const clock = new SystemClock();
    await new Promise((resolve) => setTimeout(resolve, 5));
    clock.instant();
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    spin(80);
    expect(clock.instant().u).toBeGreaterThan(80 * MS);
  });

  it("cancels timers", async () => {
    const clock = new SystemClock();
    let ran = false;
    const cancelled = clock.setTimer(5 * MS, () => {
      ran = true;
    });
    cancelled.cancel();
    cancelled.cancel();
    await new Promise<void>((resolve) => clock.setTimer(10 * MS, resolve));
    expect(ran).toBe(false);
  });
});

describe("WallEstimate", () => {
  const base = Date.UTC(2026, 5, 1);

  it("one sample: a millisecond wide; the turn of a millisecond: as wide as the two samples around it", () => {
    const estimate = new WallEstimate(base);
    estimate.add(1_000, base + 7, 1_100);
    expect(estimate.errorNs).toBe(500_050);
    // The wall clock turns to +8 somewhere in [3_000, 3_300].
    estimate.add(3_000, base + 7, 3_100);
    estimate.add(3_200, base + 8, 3_300);
    expect(estimate.errorNs).toBeLessThanOrEqual(200);
    const turn = Date.parse(estimate.wallAt(3_300 + estimate.errorNs));
    expect(turn).toBe(base + 8);
  });

  it("a step of the wall clock starts it anew", () => {
    const estimate = new WallEstimate(base);
    estimate.add(0, base, 100);
    estimate.add(900_000, base + 1, 900_100);
    estimate.add(2_000_000, base + 60_000, 2_000_100);
    expect(Math.abs(nanosSince(base + 60_000, estimate.wallAt(2_000_000)))).toBeLessThan(MS);
    expect(estimate.errorNs).toBe(500_050);
  });

  it("writes nine digits, also before the base", () => {
    const estimate = new WallEstimate(base);
    estimate.add(5_000_000, base, 5_000_000);
    expect(estimate.wallAt(5_000_000)).toBe("2026-06-01T00:00:00.000500000Z");
    expect(estimate.wallAt(5_000_001)).toBe("2026-06-01T00:00:00.000500001Z");
    expect(estimate.wallAt(0)).toBe("2026-05-31T23:59:59.995500000Z");
  });
});

describe("FakeClock", () => {
  it("runs timers in the order they are due, at their own time, also those set meanwhile", () => {
    const clock = new FakeClock({ u: 7 });
    const log: [string, number][] = [];
    clock.setTimer(30, () => log.push(["c", clock.now()]));
    clock.setTimer(10, () => {
      log.push(["a", clock.now()]);
      clock.setTimer(10, () => log.push(["b", clock.now()]));
    });
    const never = clock.setTimer(20, () => log.push(["never", clock.now()]));
    never.cancel();
    clock.advance(25);
    expect(log).toEqual([
      ["a", 10],
      ["b", 20],
    ]);
    expect(clock.pendingTimers).toBe(1);
    clock.advance(5);
    expect(log.at(-1)).toEqual(["c", 30]);
    expect(clock.instant()).toEqual({ t: 30, u: 7 });
    expect(clock.anchor(1_500_000).wall).toBe("2026-01-01T00:00:00.001500000Z");
  });
});

/** `wall` minus `ms`, in ns. */
function nanosSince(ms: number, wall: string): number {
  return (Date.parse(`${wall.slice(0, 23)}Z`) - ms) * MS + Number(wall.slice(23, 29));
}
