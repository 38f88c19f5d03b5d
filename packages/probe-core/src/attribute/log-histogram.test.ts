import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bucketCeiling, bucketFloor, bucketOf, LogHistogram } from "./log-histogram.js";

const value = fc.oneof(
  fc.maxSafeNat(),
  fc.nat({ max: 1_000 }),
  fc.integer({ min: 0, max: 52 }).map((exponent) => 2 ** exponent),
  fc.integer({ min: 1, max: 53 }).map((exponent) => 2 ** exponent - 1),
);

describe("buckets", () => {
  test("hold the value, and are at most 1/32 of it wide", () => {
    fc.assert(
      fc.property(value, (v) => {
        const bucket = bucketOf(v);
        const floor = bucketFloor(bucket);
        const ceiling = bucketCeiling(bucket);
        expect(floor).toBeLessThanOrEqual(v);
        expect(ceiling).toBeGreaterThanOrEqual(v);
        expect(ceiling - floor).toBeLessThanOrEqual(v / 32);
      }),
    );
  });

  test("adjoin", () => {
    for (let bucket = 0; bucket < 32 + 48 * 32 - 1; bucket += 1) {
      expect(bucketOf(bucketCeiling(bucket))).toBe(bucket);
      expect(bucketOf(bucketCeiling(bucket) + 1)).toBe(bucket + 1);
    }
  });
});

describe("LogHistogram", () => {
  const filled = (values: readonly number[]): LogHistogram => {
    const histogram = new LogHistogram();
    for (const v of values) histogram.record(v);
    return histogram;
  };

  test("quantiles are never below the true ones, and at most 1/32 above", () => {
    const values = fc.array(value, { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(values, fc.constantFrom(0.01, 0.5, 0.9, 0.99, 1), (all, q) => {
        const truth = [...all].sort((a, b) => a - b)[Math.max(1, Math.ceil(q * all.length)) - 1] ?? 0;
        const told = filled(all).quantile(q);
        expect(told).toBeGreaterThanOrEqual(truth);
        expect(told).toBeLessThanOrEqual(truth * (1 + 1 / 32));
      }),
    );
  });

  test("the excess over a limit is never told too small, nor much too large, and falls as the limit grows", () => {
    const values = fc.array(fc.nat({ max: 2 ** 40 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(values, fc.nat({ max: 2 ** 40 }), fc.nat({ max: 2 ** 30 }), (all, limit, more) => {
        const histogram = filled(all);
        const truth = all.reduce((sum, v) => sum + Math.max(0, v - limit), 0);
        const told = histogram.excessOver(limit);
        expect(told).toBeGreaterThanOrEqual(truth);
        expect(told).toBeLessThanOrEqual(truth + all.reduce((sum, v) => sum + v / 32, 0));
        expect(histogram.excessOver(limit + more)).toBeLessThanOrEqual(told);
      }),
    );
  });

  test("negative values count as 0", () => {
    const histogram = filled([-5]);
    expect([histogram.count, histogram.max, histogram.quantile(1)]).toEqual([1, 0, 0]);
  });
});
