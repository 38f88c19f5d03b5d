import type { LabScenario, LabSetup, Tier } from "./lab-scenario.js";

/** A scenario's setup on a tier, or its fixed twin's; `null` where it has none. */
export function setupOf(scenario: LabScenario, tier: Tier, fixed: boolean): LabSetup | null {
  const base = fixed ? scenario.fixed : scenario.setup;
  if (base === null) return null;
  const own = scenario.perTier?.[tier]?.[fixed ? "fixed" : "setup"] ?? {};
  return { ...base, ...own };
}
