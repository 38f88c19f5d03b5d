import { LAB_SCENARIOS, type LabScenario } from "@drainprobe/testbed";
import { describe, expect, it } from "vitest";
import { PLAIN } from "../text/colour.js";
import { judge } from "./judge.js";
import { headline, repeatText, tooOftenMissed } from "./lab-text.js";
import type { LabRun } from "./run-result.js";

const scenario: LabScenario = {
  ...(LAB_SCENARIOS[0] as LabScenario),
  expected: [
    { scope: "connection", type: "tcp.reset", chance: 0.9 },
    { scope: "connection", type: "tcp.refused" },
  ],
};

/** A run of which nothing was seen but what is named. */
function runThatSaw(...types: readonly string[]): LabRun {
  const sightings = types.map((type) => ({
    master: "master-0",
    scope: "connection" as const,
    type,
    close: "reset",
    lane: "held",
    hairpin: null,
    wallMs: 0,
    requests: 0,
    unsafe: 0,
  }));
  const summary = { requests: { ok: 1, total: 1 }, paths: [] } as unknown as Parameters<
    typeof judge
  >[0]["logs"][number]["summary"];
  const lost = { all: 0, processed: 0, unsafe: 0 };
  return judge({
    scenario,
    fixed: false,
    tier: "embedded",
    seed: 1,
    speed: 1,
    logs: [{ master: "master-0", file: "", summary, sightings, lost }],
    moments: [],
    rolloutMs: 0,
    showsHairpin: false,
    lateMs: 0,
    probeLateMs: 0,
    goawayRaces: false,
  });
}

const asExpected = runThatSaw("tcp.reset", "tcp.refused");
const unlucky = runThatSaw("tcp.refused");
const wrong = runThatSaw("tcp.reset");

describe("what need not come in every run", () => {
  it("is no contradiction where it is missing, and yet the run did not reproduce it", () => {
    expect(asExpected).toMatchObject({ reproduced: true, differs: [], missed: [] });
    expect(unlucky).toMatchObject({
      reproduced: false,
      differs: [],
      missed: [{ what: "connection tcp.reset, expected at least 1, in 90 of 100 runs: 0 seen", chance: 0.9 }],
    });
    expect(headline(unlucky, PLAIN)).toMatch(/^NOT THIS TIME /);
  });

  it("is a contradiction for all else", () => {
    expect(wrong.differs).toEqual(["connection tcp.refused, expected at least 1: 0 seen"]);
    expect(headline(wrong, PLAIN)).toMatch(/^DIFFERS /);
  });

  it("is held against its chance where runs are many", () => {
    const few = [...Array.from({ length: 19 }, () => asExpected), unlucky];
    const many = [...Array.from({ length: 12 }, () => asExpected), ...Array.from({ length: 8 }, () => unlucky)];
    expect(tooOftenMissed(few)).toEqual([]);
    expect(tooOftenMissed(many)).toEqual([expect.stringContaining("in 8 of 20 runs")]);
    // A machine that stood still is no luck.
    const late = many.map((run) => (run === unlucky ? { ...run, probeLateMs: 300 } : run));
    expect(tooOftenMissed(late)).toEqual([]);
    expect(repeatText(few, PLAIN)).toMatch(/^19 of 20 /);
    expect(repeatText(few, PLAIN)).not.toContain("too often");
    expect(repeatText(many, PLAIN)).toContain("too often for chance");
  });
});
