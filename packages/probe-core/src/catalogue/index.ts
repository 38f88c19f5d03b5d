import type { Nanos } from "../events/index.js";
import type { Explanation } from "../explain/explain-types.js";
import type { Summary } from "../verdict/summary-types.js";
import type { SignatureMatch } from "./catalogue-types.js";
import { factsOfExplanation, factsOfSummary } from "./facts.js";
import { joinFacts } from "./join-facts.js";
import { hasCore, matchSignatures } from "./match.js";

export type * from "./catalogue-types.js";
export { matchSignatures } from "./match.js";
export { SIGNATURES } from "./signatures.js";

/** One of the runs that watched the same servers at the same time, each from its own host. */
export interface ObservedRun {
  readonly summary: Summary;
  /**
   * Did its balanced path lead to the host's own server at a time of this run, where the logs of all nodes show that or its contrary? If not given, or
   * `null`, addresses alone tell.
   */
  readonly stayed?: (t: Nanos) => boolean | null;
  /** Where its times lie on an axis that all runs share; its own times if not given. */
  readonly at?: (t: Nanos) => Nanos;
}

/** A signature that fits what was seen, and by whom. */
export interface RunsMatch extends SignatureMatch {
  /** Runs, by their place in the list, that saw such a failure; all, where it takes several to see it. */
  readonly runs: readonly number[];
}

/**
 * The known failures that the results of runs fit, the best first; empty where none does. Several runs are one body of evidence: a
 * condition that one of them saw to be wrong rules a signature out for all.
 */
export function signaturesOfRuns(runs: readonly ObservedRun[]): readonly RunsMatch[] {
  const each = runs.map(({ summary, stayed = () => null, at = (t) => t }) => ({
    facts: factsOfSummary(summary, stayed),
    at,
  }));
  return matchSignatures(joinFacts(each)).map((match) => {
    const own = each.flatMap(({ facts }, run) => (hasCore(match.id, facts) ? [run] : []));
    return { ...match, runs: own.length === 0 ? each.map((_, run) => run) : own };
  });
}

/** The known failures that explained logs fit, the best first; logs tell less, so most matches are partial. */
export function signaturesOfExplanation(explanation: Explanation): readonly SignatureMatch[] {
  return matchSignatures(factsOfExplanation(explanation));
}
