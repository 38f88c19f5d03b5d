import { describe, expect, it } from "vitest";
import { assign } from "./assign.js";

interface Want {
  readonly accepts: string;
  readonly count?: { readonly min: number; readonly max: number };
}
const accepts = (want: Want, seen: string): boolean => want.accepts.includes(seen);

describe("assign", () => {
  it("gives each its own", () => {
    const { missing, unexpected } = assign<Want, string>([{ accepts: "a" }, { accepts: "b" }], ["b", "a"], accepts);
    expect({ missing, unexpected }).toEqual({ missing: [], unexpected: [] });
  });

  it("tells what is missing and what nobody expected", () => {
    const wanted: Want[] = [{ accepts: "a", count: { min: 2, max: 3 } }];
    expect(assign(wanted, ["a", "c"], accepts)).toMatchObject({ missing: wanted, unexpected: ["c"] });
  });

  it("counts what is above the maximum as unexpected", () => {
    expect(assign<Want, string>([{ accepts: "a" }], ["a", "a"], accepts).unexpected).toEqual(["a"]);
  });

  it("lets an expectation that accepts much leave the narrow one its own", () => {
    const wide: Want = { accepts: "ab", count: { min: 1, max: 5 } };
    const narrow: Want = { accepts: "a" };
    const { missing, unexpected } = assign([wide, narrow], ["a", "b"], accepts);
    expect({ missing, unexpected }).toEqual({ missing: [], unexpected: [] });
  });

  it("fills every minimum before any maximum", () => {
    const greedy: Want = { accepts: "a", count: { min: 1, max: 9 } };
    const other: Want = { accepts: "a", count: { min: 1, max: 1 } };
    expect(assign([greedy, other], ["a", "a", "a"], accepts)).toMatchObject({ missing: [], unexpected: [] });
  });
});
