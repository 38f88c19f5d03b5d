import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { churn } from "./churn/bench.js";
import type { Section } from "./harness/bench.js";
import { throughput } from "./throughput/bench.js";

/** A ratio of this run may be so many times the committed one before it fails: shared machines are noisy, regressions here are not small. */
const TOLERANCE = 2.5;
/** And so many times the worst round of the committed run, where that was a noisy one. */
const BEYOND_WORST = 1.5;

const RATIOS_OF = ["drainprobe", "drainprobe, verify off", "drainprobe fresh.tcp", "bare loop", "h2load", "node:http2"];

/** About a minute of ratios, compared with the committed ones. Ends as every test of this repository does. */
export async function smoke(results: string, seed: number): Promise<number> {
  const tell = (line: string): void => console.error(`  smoke: ${line}`);
  const options = { repetitions: 2, quick: true, seed, only: RATIOS_OF, tell };
  const counts = { passed: 0, failed: 0 };
  for (const [name, run] of Object.entries({ churn, throughput })) {
    const file = join(results, `${name}.json`);
    const kept = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { sections: Section[] }).sections : [];
    const known = new Map(kept.flatMap(({ goals }) => goals.map((goal) => [goal.what, goal] as const)));
    for (const goal of (await run(options)).flatMap(({ goals }) => goals)) {
      const before = known.get(goal.what)?.measured;
      const now = goal.measured?.median;
      if (before == null || now === undefined) {
        console.log(
          `     ${goal.what}: not compared (${now === undefined ? "a rival is missing here" : "no committed result"})`,
        );
        continue;
      }
      const { median, min, max } = before;
      const ok =
        goal.atMost === undefined
          ? now >= Math.min(median / TOLERANCE, min / BEYOND_WORST)
          : now <= Math.max(median * TOLERANCE, max * BEYOND_WORST);
      counts[ok ? "passed" : "failed"] += 1;
      console.log(`${ok ? "ok  " : "FAIL"} ${goal.what}: ${now.toFixed(2)}, committed ${median.toFixed(2)}`);
    }
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1;
}
