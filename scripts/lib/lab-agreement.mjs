// How the tiers agree: the signatures of all their runs (docs/lab/TIER.jsonl), each row of netns and embedded held against the same of kube.
import { rowTolerance } from "../../packages/cli/dist/lab/row-tolerance.js";
import { signatureDifferences } from "../../packages/cli/dist/lab/signature.js";

/** What comes in so many runs of a row can come there: where it comes in most of real servers' runs, it is not missing. */
const NOW_AND_THEN = 0.25;

/** Each row that was played on kube and on `other`, and how the two differ. */
export function agreement(scenarios, kube, other) {
  return scenarios.flatMap((scenario) =>
    [false, ...(scenario.fixed === null ? [] : [true])].flatMap((fixed) => {
      const { name } = scenario;
      const [real, all] = [kube, other].map((runs) => withSignature(runs.of(name, fixed)));
      if (real.length === 0 || all.length === 0) return [];
      const its = atOneSpeed(all);
      const [usual, itsUsual] = [real, its].map((runs) => typical(runs));
      const seen = typical(its, NOW_AND_THEN).filter((entry) => isIn(usual, entry) || isIn(itsUsual, entry));
      const differences = signatureDifferences(usual, seen, rowTolerance(scenario, fixed));
      const { speed } = its[0];
      return [{ name, fixed, kubeRuns: real.length, otherRuns: its.length, speed, differences }];
    }),
  );
}

/** Those that showed what they should: how often that is, is told elsewhere. */
function withSignature(runs) {
  return runs.filter(({ reproduced, signature }) => reproduced && signature !== undefined);
}

/**
 * The slowest ones: at best as slow as real servers are. A speed divides the times of settings and not those of a machine, as from the end of a process
 * to the next one's first answer, so these seem longer the faster a run is.
 */
function atOneSpeed(runs) {
  const slowest = Math.min(...runs.map(({ speed }) => speed));
  return runs.filter(({ speed }) => speed === slowest);
}

/** The signature of a typical run: medians over those that have a kind, of each kind that a share of them has. */
export function typical(runs, share = 0.5) {
  const found = new Map();
  for (const { signature } of runs) {
    for (const [lane, kind, count, fromMs, toMs] of signature) {
      const key = `${lane} ${kind}`;
      const entry = found.get(key) ?? { lane, kind, counts: [], froms: [], tos: [] };
      entry.counts.push(count);
      if (fromMs !== undefined) {
        entry.froms.push(fromMs);
        entry.tos.push(toMs);
      }
      found.set(key, entry);
    }
  }
  return [...found.values()]
    .map(({ lane, kind, counts, froms, tos }) => ({
      lane,
      kind,
      share: counts.length / runs.length,
      count: median(counts),
      when: froms.length === 0 ? null : { fromMs: median(froms), toMs: median(tos) },
    }))
    .filter((entry) => entry.share > share)
    .map(({ share: _, ...entry }) => entry);
}

const isIn = (signature, { lane, kind }) => signature.some((entry) => entry.lane === lane && entry.kind === kind);

/** The lower one of two in the middle. */
function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1];
}
