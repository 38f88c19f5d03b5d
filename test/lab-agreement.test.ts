import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LAB_SCENARIOS } from "@drainprobe/testbed";
import { describe, expect, it } from "vitest";
import { agreement, typical } from "../scripts/lib/lab-agreement.mjs";
import { LabRuns } from "../scripts/lib/lab-runs.mjs";
import { ROOT } from "../scripts/lib/proc.mjs";

const FOLDER = join(ROOT, "docs/lab");
const runsOf = (tier: string) => new LabRuns(FOLDER, tier);

describe("what was measured of the lab", () => {
  it("is told in the page as it was measured", () => {
    const page = readFileSync(join(ROOT, "docs/lab.md"), "utf8");
    for (const tier of ["embedded", "netns", "kube"]) {
      const { all } = runsOf(tier);
      const good = (fixed: boolean) => {
        const list = all.filter((run) => run.fixed === fixed);
        return `${list.filter(({ reproduced }) => reproduced).length} of ${list.length}`;
      };
      const from = page.indexOf(`<!-- measured: ${tier} -->`);
      const table = page.slice(from, page.indexOf(`<!-- /measured: ${tier} -->`));
      expect(table).toContain(`| all | ${good(false)} | ${good(true)} |`);
    }
  });

  it("agrees with real servers in the rows that the page calls equal, and in no other", () => {
    const page = readFileSync(join(ROOT, "docs/lab-tiers.md"), "utf8");
    const [kube, netns, embedded] = ["kube", "netns", "embedded"].map(runsOf);
    for (const [tier, other] of Object.entries({ netns, embedded })) {
      const rows = agreement(LAB_SCENARIOS, kube, other);
      const equal = rows.filter(
        ({ differences }: { readonly differences: readonly string[] }) => differences.length === 0,
      );
      expect(page).toContain(`${tier}${tier === "netns" ? " equals kube" : ""} in ${equal.length} of ${rows.length}`);
    }
  });
});

describe("the comparison of a row", () => {
  const end = ["held", "refused", 9, 15_000];
  const runsOf = (...runs: readonly (readonly [speed: number, toMs: number])[]) => ({
    of: (_name: string, fixed: boolean) =>
      fixed ? [] : runs.map(([speed, toMs]) => ({ speed, reproduced: true, signature: [[...end, toMs]] })),
  });
  const row = { name: "some-row", fixed: null };
  const kube = runsOf([1, 15_800]);

  it("tells what came at another time", () => {
    const [compared] = agreement([row], kube, runsOf([5, 20_000], [5, 20_100]));
    expect(compared).toMatchObject({
      otherRuns: 2,
      speed: 5,
      differences: [expect.stringContaining("at another time")],
    });
  });

  it("is of the slowest runs, since the time of a start is stretched by a speed", () => {
    const [compared] = agreement([row], kube, runsOf([5, 20_000], [1, 16_000], [5, 20_100]));
    expect(compared).toMatchObject({ otherRuns: 1, speed: 1, differences: [] });
  });
});

describe("a typical run", () => {
  const run = (...signature: readonly (readonly [string, string, number, number, number])[]) => ({ signature });

  it("has what most have, with the medians of numbers and times", () => {
    expect(
      typical([
        run(["held", "cut", 3, 100, 110]),
        run(["held", "cut", 5, 90, 130], ["fresh.h2", "refused", 9, 0, 1]),
        run(["held", "cut", 4, 95, 120]),
      ]),
    ).toEqual([{ lane: "held", kind: "cut", count: 4, when: { fromMs: 95, toMs: 120 } }]);
  });
});
