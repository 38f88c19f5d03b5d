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
  type Entry = readonly [lane: string, kind: string, count: number, fromMs: number, toMs: number];
  const run = (speed: number, ...signature: readonly Entry[]) => ({ speed, reproduced: true, signature });
  const runsOf = (...runs: readonly ReturnType<typeof run>[]) => ({
    of: (_name: string, fixed: boolean) => (fixed ? [] : runs),
  });
  const row = {
    name: "some-row",
    fixed: null,
    setup: { apiserver: { shutdownDelayMs: 15_000 } },
    expected: [
      { scope: "connection", type: "tcp.reset" },
      { scope: "connection", type: "tcp.timed_out", count: { min: 0 } },
    ],
    expectedFixed: [],
  };
  const cut = (toMs: number): Entry => ["held", "cut", 9, 15_000, toMs];
  const differences = (real: ReturnType<typeof runsOf>, other: ReturnType<typeof runsOf>): readonly string[] =>
    agreement([row], real, other)[0].differences;

  it("tells what came at another time", () => {
    const [compared] = agreement([row], runsOf(run(1, cut(15_800))), runsOf(run(5, cut(20_000)), run(5, cut(20_100))));
    expect(compared).toMatchObject({
      otherRuns: 2,
      speed: 5,
      differences: [expect.stringContaining("at another time")],
    });
  });

  it("is of the slowest runs, since the time of a start is stretched by a speed", () => {
    const other = runsOf(run(5, cut(20_000)), run(1, cut(16_000)), run(5, cut(20_100)));
    expect(agreement([row], runsOf(run(1, cut(15_800))), other)[0]).toMatchObject({
      otherRuns: 1,
      speed: 1,
      differences: [],
    });
  });

  it("does not ask how long a start takes, but when it begins", () => {
    const refused = (fromMs: number, toMs: number): Entry => ["fresh.h2", "refused", 9, fromMs, toMs];
    expect(differences(runsOf(run(1, refused(15_100, 16_000))), runsOf(run(1, refused(15_200, 19_900))))).toEqual([]);
    expect(differences(runsOf(run(1, refused(15_100, 16_000))), runsOf(run(1, refused(2_000, 16_000))))).toHaveLength(
      1,
    );
    // Before the delay is over nothing starts.
    expect(differences(runsOf(run(1, refused(2_000, 3_000))), runsOf(run(1, refused(2_000, 9_000))))).toHaveLength(1);
  });

  it("lets be missing what the scenario only allows", () => {
    const lost: Entry = ["fresh.h2", "no answer", 9, 3_000, 4_000];
    const refused: Entry = ["fresh.h2", "refused", 9, 3_000, 4_000];
    expect(differences(runsOf(run(1, cut(15_100), lost)), runsOf(run(1, cut(15_100))))).toEqual([]);
    expect(differences(runsOf(run(1, cut(15_100))), runsOf(run(1, cut(15_100), lost)))).toEqual([]);
    expect(differences(runsOf(run(1, cut(15_100), refused)), runsOf(run(1, cut(15_100))))).toHaveLength(1);
  });

  it("does not miss what comes now and then", () => {
    const refused: Entry = ["fresh.h2", "refused", 9, 3_000, 4_000];
    const without = run(1, cut(15_100));
    const real = runsOf(run(1, cut(15_100), refused));
    const sometimes = (times: number) =>
      runsOf(...Array.from({ length: 10 }, (_, index) => (index < times ? run(1, cut(15_100), refused) : without)));
    expect(differences(real, sometimes(3))).toEqual([]);
    expect(differences(real, sometimes(2))).toEqual([expect.stringContaining("missing")]);
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
