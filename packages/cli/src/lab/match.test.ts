import type { LabExpectation, LabMoment } from "@drainprobe/testbed";
import { describe, expect, it } from "vitest";
import { match } from "./match.js";
import type { Sighting } from "./seen.js";

const T0 = 1_000_000;
const moments: readonly LabMoment[] = [
  { master: "master-0", what: "sigterm", wallMs: T0 },
  { master: "master-0", what: "exited", wallMs: T0 + 2_000 },
  { master: "master-1", what: "sigterm", wallMs: T0 + 60_000 },
];
const RESET: LabExpectation = { scope: "connection", type: "tcp.reset", close: "reset", hairpin: true };
const reset: Sighting = {
  master: "master-0",
  scope: "connection",
  type: "tcp.reset",
  close: "reset",
  lane: "held",
  hairpin: true,
  wallMs: T0 + 2_010,
  requests: 3,
  unsafe: 1,
};
const held = (
  expected: readonly LabExpectation[],
  sightings: readonly Sighting[],
  more: Partial<Parameters<typeof match>[0]> = {},
) => match({ expected, sightings, moments, speed: 5, showsHairpin: true, ...more });

describe("a run is held against what was expected", () => {
  it("is reproduced when what must come has come, and nothing else", () => {
    const result = held([RESET], [reset, reset]);
    expect(result).toMatchObject({ reproduced: true, unexpected: [], matched: [{ count: 2, met: true }] });
  });

  it.each<[string, Partial<Sighting>]>([
    ["another type", { type: "tcp.closed" }],
    ["another close", { close: "abrupt" }],
    ["another scope", { scope: "request" }],
    ["addresses that differ", { hairpin: false }],
    ["an address that is not known", { hairpin: null }],
  ])("differs for %s", (_, change) => {
    const result = held([RESET], [{ ...reset, ...change }]);
    expect(result).toMatchObject({ reproduced: false, matched: [{ count: 0, met: false }] });
    expect(result.unexpected).toHaveLength(1);
  });

  it("differs when what was not expected comes beside what was", () => {
    const refused = { ...reset, type: "tcp.refused", close: null };
    expect(held([RESET], [reset, refused])).toMatchObject({ reproduced: false, unexpected: [refused] });
    expect(
      held([RESET, { scope: "connection", type: "tcp.refused", count: { min: 0 } }], [reset, refused]).reproduced,
    ).toBe(true);
  });

  it("counts each sighting once, for the first expectation that takes it", () => {
    const any: LabExpectation = { scope: "connection", type: ["tcp.reset", "tcp.closed"], count: { min: 0 } };
    const result = held([RESET, any], [reset, { ...reset, close: null }]);
    expect(result.matched.map(({ count }) => count)).toEqual([1, 1]);
  });

  it("differs below the least and above the most", () => {
    const wanted = (min: number, max: number): LabExpectation => ({ ...RESET, count: { min, max } });
    const met = (expectation: LabExpectation): boolean => held([expectation], [reset, reset]).reproduced;
    expect([wanted(2, 2), wanted(3, 9), wanted(0, 1), wanted(0, 2)].map(met)).toEqual([true, false, false, true]);
  });

  it("does not ask a tier for the hairpin that cannot show it", () => {
    expect(held([RESET], [{ ...reset, hairpin: false }], { showsHairpin: false }).reproduced).toBe(true);
  });

  it("needs no leave for connections that ended well, and can ask for them", () => {
    const well: Sighting = { ...reset, type: null, close: "graceful" };
    expect(held([], [well]).reproduced).toBe(true);
    expect(held([{ scope: "connection", type: null, close: "graceful" }], []).reproduced).toBe(false);
    expect(held([{ scope: "connection", type: null, close: "graceful" }], [well]).reproduced).toBe(true);
  });

  it("takes whatever ended like that where no type is named", () => {
    const graceful: LabExpectation = { scope: "connection", close: "graceful" };
    const crossed: Sighting = { ...reset, type: "h2.goaway", close: "graceful" };
    expect(held([graceful], [crossed, { ...crossed, type: null }]).matched).toMatchObject([{ count: 2 }]);
    expect(held([graceful], [{ ...crossed, close: "broken-promise" }]).reproduced).toBe(false);
  });

  it("takes only some lanes where it says so", () => {
    expect(held([{ ...RESET, lanes: ["fresh.h2"] }], [reset]).reproduced).toBe(false);
    expect(held([{ ...RESET, lanes: ["fresh.h2", "held"] }], [reset]).reproduced).toBe(true);
  });
});

describe("times count from the SIGTERM of any instance, divided by the speed", () => {
  const atD: LabExpectation = { ...RESET, when: { fromMs: 10_000, toMs: 10_500 } };
  it.each<[string, number, boolean]>([
    ["at D", 2_010, true],
    ["within what a busy machine is late", 3_090, true],
    ["long before", 1_000, false],
    ["long after", 3_300, false],
    ["at D of the second instance", 62_050, true],
    ["before anything was told to end", -1_000, false],
  ])("%s", (_, afterMs, reproduced) => {
    expect(held([atD], [{ ...reset, wallMs: T0 + afterMs }]).reproduced).toBe(reproduced);
  });
});
