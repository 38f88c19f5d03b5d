// How the tiers agree: the signatures of all their runs (docs/lab/TIER.jsonl), each row of netns and embedded held against the same of kube.
import { signatureDifferences } from "../../packages/cli/dist/lab/signature.js";

/**
 * First and last of a kind, at speed 1; and what came less often than that is chance. Our own servers start and end in times of their own, and a
 * busy machine adds its share.
 */
export const TOLERANCE = { timeMs: 2_500, steadyFrom: 3 };

/** Each row that was played on kube and on `other`, and how the two differ. */
export function agreement(scenarios, kube, other) {
  return scenarios.flatMap(({ name, fixed: twin }) =>
    [false, ...(twin === null ? [] : [true])].flatMap((fixed) => {
      const [real, all] = [kube, other].map((runs) => withSignature(runs.of(name, fixed)));
      if (real.length === 0 || all.length === 0) return [];
      const its = atOneSpeed(all);
      const differences = signatureDifferences(typical(real), typical(its), TOLERANCE);
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

/** The signature of a typical run: medians over all of them. A kind that most of them do not have is not in it. */
export function typical(runs) {
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
      count: median([...counts, ...Array.from({ length: runs.length - counts.length }, () => 0)]),
      when: froms.length === 0 ? null : { fromMs: median(froms), toMs: median(tos) },
    }))
    .filter(({ count }) => count > 0);
}

/** The lower one of two in the middle. */
function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1];
}
