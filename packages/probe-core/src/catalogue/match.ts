import type { CatalogueFacts, Signature, SignatureMatch } from "./catalogue-types.js";
import { SIGNATURES } from "./signatures.js";

/**
 * The known failures that these facts fit, the best first: those with every condition seen to hold, then those with most of them, and last what is harmless.
 * Empty where nothing fits. That several fit is common: a catalogue narrows down, it proves nothing.
 */
export function matchSignatures(facts: CatalogueFacts): readonly SignatureMatch[] {
  return SIGNATURES.flatMap((signature) => matchOf(signature, facts)).sort(
    (a, b) => Number(a.harmless) - Number(b.harmless) || share(b) - share(a) || b.held.length - a.held.length,
  );
}

/** Do these facts have by themselves what a signature cannot do without? */
export function hasCore(id: string, facts: CatalogueFacts): boolean {
  return SIGNATURES.some((signature) => signature.id === id && signature.core.holds(facts) === true);
}

function matchOf(signature: Signature, facts: CatalogueFacts): readonly SignatureMatch[] {
  const { id, title, core, conditions, cause, fix, references, harmless = false } = signature;
  if (core.holds(facts) !== true) return [];
  const held = [core.text];
  const notObserved: string[] = [];
  for (const condition of conditions) {
    const holds = condition.holds(facts);
    if (holds === false) return [];
    (holds === null ? notObserved : held).push(condition.text);
  }
  const match = notObserved.length === 0 ? "full" : "partial";
  return [{ id, title, match, harmless, held, notObserved, cause, fix, references }];
}

function share({ held, notObserved }: SignatureMatch): number {
  return held.length / (held.length + notObserved.length);
}
