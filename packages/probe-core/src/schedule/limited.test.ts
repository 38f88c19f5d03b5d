import { describe, expect, it } from "vitest";
import { ClosedLoop } from "./closed-loop.js";
import { Limited } from "./limited.js";
import { Pacer } from "./pacer.js";

const SECOND = 1e9;

describe("Limited", () => {
  it("ends an open loop after so many", () => {
    const pace = new Limited(new Pacer({ ratePerSecond: 10, startNs: 0, maxLatenessNs: SECOND }), 3);
    const due: number[] = [];
    expect(pace.take(0.15 * SECOND, due)).toBe(0);
    expect(due).toEqual([0, 0.1 * SECOND]);
    expect(pace.take(0.9 * SECOND, due)).toBe(0);
    expect(due).toEqual([0, 0.1 * SECOND, 0.2 * SECOND]);
    expect([pace.nextAt, pace.scheduled]).toEqual([Number.POSITIVE_INFINITY, 3]);
    expect(pace.take(2 * SECOND, due)).toBe(0);
    expect(due).toHaveLength(3);
  });

  it("counts those that came too late", () => {
    const pace = new Limited(new Pacer({ ratePerSecond: 10, startNs: 0, maxLatenessNs: 0.25 * SECOND }), 8);
    const due: number[] = [];
    const missed = pace.take(SECOND, due);
    expect(missed + due.length).toBe(8);
    expect(pace.scheduled).toBe(8);
    expect(pace.nextAt).toBe(Number.POSITIVE_INFINITY);
  });

  it("ends a closed loop after so many", () => {
    const pace = new Limited(new ClosedLoop(2, 0), 3);
    const due: number[] = [];
    pace.take(1, due);
    pace.ended(2, true);
    pace.take(2, due);
    pace.ended(3, true);
    pace.take(3, due);
    expect(due).toEqual([1, 1, 2]);
    expect(pace.nextAt).toBe(Number.POSITIVE_INFINITY);
  });
});
