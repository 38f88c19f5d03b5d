import type { Nanos } from "../events/index.js";
import type { Explanation } from "../explain/explain-types.js";
import type { Summary } from "../verdict/summary-types.js";
import type { SignatureMatch } from "./catalogue-types.js";
import { factsOfExplanation, factsOfSummary } from "./facts.js";
import { matchSignatures } from "./match.js";

export type * from "./catalogue-types.js";
export { matchSignatures } from "./match.js";
export { SIGNATURES } from "./signatures.js";

/**
 * The known failures that a run's result fits, the best first; empty where none does. `stayed` tells of a time of this run whether its
 * balanced path then led to the host's own server, where the logs of all nodes show that or its contrary; else addresses alone tell.
 */
export function signaturesOfSummary(
  summary: Summary,
  stayed: (t: Nanos) => boolean | null = () => null,
): readonly SignatureMatch[] {
  return matchSignatures(factsOfSummary(summary, stayed));
}

/** The known failures that explained logs fit, the best first; logs tell less, so most matches are partial. */
export function signaturesOfExplanation(explanation: Explanation): readonly SignatureMatch[] {
  return matchSignatures(factsOfExplanation(explanation));
}
