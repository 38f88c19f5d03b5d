import { readdirSync } from "node:fs";
import { LAB_SCENARIOS, type LabScenario, setupOf, TIERS, type Tier } from "@drainprobe/testbed";
import { describe, expect, it } from "vitest";
import { play } from "../../packages/cli/src/lab/play.js";
import { rowTolerance } from "../../packages/cli/src/lab/row-tolerance.js";
import type { LabRun } from "../../packages/cli/src/lab/run-result.js";
import { entryWords, signatureDifferences } from "../../packages/cli/src/lab/signature.js";
import { makeDir } from "./support/run-dir.js";

/**
 * Rows whose signatures agreed when they were last held against each other, each of which takes minutes; docs/lab-tiers.md has those that did
 * not, and why. `DRAINPROBE_LAB=all` plays all there are, with their twins, which takes hours.
 */
const USUAL = ["gcp-4.5-crud", "gcp-4.5-readonly", "aws-4.5-crud fixed"];

/** The usual rows agree at speed 2 as well. Elsewhere a server that takes a second to start would seem two seconds away. */
const SPEEDS: Readonly<Record<Tier, number>> =
  process.env.DRAINPROBE_LAB === "all" ? { kube: 1, netns: 1, embedded: 1 } : { kube: 1, netns: 2, embedded: 2 };
/** A busy machine was seen to take five minutes for three real servers. */
const TIER_TIMEOUT_MS = 600_000;
const SEED = 20_201_122;

interface Row {
  readonly title: string;
  readonly scenario: LabScenario;
  readonly fixed: boolean;
}

const ROWS: readonly Row[] = LAB_SCENARIOS.flatMap((scenario) => [
  { title: scenario.name, scenario, fixed: false },
  ...(scenario.fixed === null ? [] : [{ title: `${scenario.name} fixed`, scenario, fixed: true }]),
]).filter(({ title }) => process.env.DRAINPROBE_LAB === "all" || USUAL.includes(title));

const missing = await (await TIERS.kube()).check();
if (missing !== null) process.stderr.write(`${missing}\n`);

describe.runIf(missing === null)("the tiers of the lab", () => {
  for (const { title, scenario, fixed } of ROWS) {
    it(
      `see the same of ${title}, which is what real servers show`,
      async () => {
        const real = await played("kube", scenario, fixed);
        if (real === null) return;
        for (const tier of ["netns", "embedded"] as const) {
          const other = await played(tier, scenario, fixed);
          if (other === null) continue;
          show(title, real, other);
          expect(
            signatureDifferences(real.run.signature, other.run.signature, rowTolerance(scenario, fixed)),
            `${tier} beside kube`,
          ).toEqual([]);
        }
      },
      3 * TIER_TIMEOUT_MS,
    );
  }
});

interface Seen {
  readonly tier: Tier;
  readonly run: LabRun;
}

/** Plays it once; a run that does not show what its scenario says has failed already. `null`: that tier cannot show it. */
async function played(tier: Tier, scenario: LabScenario, fixed: boolean): Promise<Seen | null> {
  const setup = setupOf(scenario, tier, fixed);
  if (setup === null || scenario.unavailable?.[tier] !== undefined) return null;
  const root = makeDir("lab");
  const speed = Math.min(SPEEDS[tier], scenario.maxSpeed ?? Number.POSITIVE_INFINITY);
  const run = await play({
    scenario,
    setup,
    fixed,
    tier: await TIERS[tier](),
    speed,
    seed: SEED,
    root,
    note: () => {},
    signal: AbortSignal.timeout(TIER_TIMEOUT_MS),
  });
  expect(run.differs, `${tier}, seed ${SEED}`).toEqual([]);
  expect(readdirSync(root)).toEqual([]);
  return { tier, run };
}

function show(title: string, real: Seen, other: Seen): void {
  for (const { tier, run } of [real, other])
    process.stdout.write(`${title}, ${tier}:\n${run.signature.map((entry) => `  ${entryWords(entry)}\n`).join("")}`);
}
