import { type LabExpectation, type LabScenario, setupOf } from "@drainprobe/testbed";
import { kindsOf, type SignatureTolerance } from "./signature.js";

/**
 * First and last of a kind, at speed 1; and what came less often than that is chance. Our own servers start and end in times of their own, and a
 * busy machine adds its share.
 */
export const TOLERANCE = { timeMs: 2_500, steadyFrom: 3 };

/** How far the signatures of one row may be apart on two tiers. What the scenario allows and does not ask for may be missing on one of them. */
export function rowTolerance(scenario: LabScenario, fixed: boolean): SignatureTolerance {
  const expected = fixed ? scenario.expectedFixed : scenario.expected;
  const setup = setupOf(scenario, "kube", fixed);
  const asked = new Set(expected.filter((each) => !isOptional(each)).flatMap(kindsOf));
  const allowed = expected.filter(isOptional).flatMap(kindsOf);
  return {
    ...TOLERANCE,
    optional: new Set(allowed.filter((kind) => !asked.has(kind))),
    ...(setup === null ? {} : { restartsFromMs: setup.apiserver.shutdownDelayMs }),
  };
}

const isOptional = ({ count, chance }: LabExpectation): boolean => count?.min === 0 || chance !== undefined;
