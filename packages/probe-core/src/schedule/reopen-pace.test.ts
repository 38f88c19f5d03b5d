import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NANOS_PER_SECOND } from "../events/index.js";
import { ReopenPace } from "./index.js";

describe("ReopenPace", () => {
  it("lets a burst go at once, and spreads a thousand over the rest at the rate", () => {
    const pace = new ReopenPace({ ratePerSecond: 200, burst: 64, chance: () => 0.5 });
    const waits = Array.from({ length: 1_000 }, () => pace.take(0));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(64);
    expect(Math.max(...waits)).toBeGreaterThan(4.6 * NANOS_PER_SECOND);
    expect(Math.max(...waits)).toBeLessThan(4.8 * NANOS_PER_SECOND);
  });

  it("never lets more begin in any second than the rate and the burst", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(50_000_000), { minLength: 1, maxLength: 400 }),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 50 }),
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        (steps, ratePerSecond, burst, chances) => {
          const pace = new ReopenPace({ ratePerSecond, burst, chance: () => chances.next().value });
          let now = 0;
          const begun: number[] = [];
          for (const step of steps) {
            now += step;
            begun.push(now + pace.take(now));
          }
          begun.sort((a, b) => a - b);
          for (let first = 0, last = 0; last < begun.length; last++) {
            while (begun[last]! - begun[first]! >= NANOS_PER_SECOND) first++;
            if (last - first + 1 > ratePerSecond + burst + 1) return false;
          }
          return true;
        },
      ),
    );
  });

  it("lets sessions that end one by one reopen at once", () => {
    const pace = new ReopenPace({ ratePerSecond: 200, burst: 64, chance: () => 0.9 });
    for (let n = 0; n < 10_000; n++) expect(pace.take(n * 5_000_000)).toBe(0);
  });
});
