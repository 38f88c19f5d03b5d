import { describe, expect, it } from "vitest";
import { isChance, missesProbability } from "./chance.js";

describe("what need not come in every run", () => {
  it("is missing as often as a coin says", () => {
    expect(missesProbability(0, 3, 0.5)).toBeCloseTo(1, 12);
    expect(missesProbability(1, 3, 0.5)).toBeCloseTo(7 / 8, 12);
    expect(missesProbability(2, 3, 0.5)).toBeCloseTo(4 / 8, 12);
    expect(missesProbability(3, 3, 0.5)).toBeCloseTo(1 / 8, 12);
    expect(missesProbability(2, 20, 0.9)).toBeCloseTo(1 - 0.9 ** 20 - 20 * 0.1 * 0.9 ** 19, 12);
  });

  it("does not overflow in long series", () => {
    expect(missesProbability(1_000, 10_000, 0.9)).toBeCloseTo(0.5, 1);
  });

  it("may be missing, and not too often", () => {
    expect(isChance(0, 20, 0.9)).toBe(true);
    expect(isChance(1, 1, 0.9)).toBe(true);
    expect(isChance(5, 20, 0.9)).toBe(true);
    expect(isChance(7, 20, 0.9)).toBe(false);
    expect(isChance(2, 3, 0.9)).toBe(true);
    expect(isChance(3, 3, 0.9)).toBe(false);
  });
});
