import { describe, expect, it } from "vitest";
import { ClosedLoop } from "./closed-loop.js";

const take = (loop: ClosedLoop, now: number): number[] => {
  const due: number[] = [];
  expect(loop.take(now, due)).toBe(0);
  return due;
};

describe("ClosedLoop", () => {
  it("begins as many as may be under way, and one more for each that ended", () => {
    const loop = new ClosedLoop(3, 100);
    expect(take(loop, 99)).toEqual([]);
    expect(take(loop, 150)).toEqual([150, 150, 150]);
    expect(loop.nextAt).toBe(Number.POSITIVE_INFINITY);
    loop.ended(200, true);
    expect(loop.nextAt).toBeLessThanOrEqual(200);
    expect(take(loop, 200)).toEqual([200]);
    expect(loop.scheduled).toBe(4);
  });

  it("backs off after failures in a row, longer each time, and forgets them with the first that works", () => {
    const loop = new ClosedLoop(2, 0);
    take(loop, 0);
    loop.ended(1_000, false);
    const first = loop.nextAt - 1_000;
    expect(first).toBeGreaterThan(0);
    expect(take(loop, 1_000)).toEqual([]);
    expect(take(loop, 1_000 + first)).toHaveLength(1);
    loop.ended(1e9, false);
    expect(loop.nextAt - 1e9).toBeGreaterThan(first);
    loop.ended(1e9, true);
    take(loop, 2e9);
    loop.ended(3e9, false);
    expect(loop.nextAt - 3e9).toBe(first);
  });
});
