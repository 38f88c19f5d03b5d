import type { LabTier } from "../lab-plane.js";
import type { Tier } from "../lab-scenario.js";

/** The tiers there are, each loaded when it is asked for: what one of them needs is no business of the others. */
export const TIERS: Readonly<Record<Tier, () => Promise<LabTier>>> = {
  embedded: async () => (await import("./embedded.js")).EMBEDDED,
  netns: async () => (await import("./netns.js")).NETNS,
  kube: async () => (await import("./kube.js")).KUBE,
};
