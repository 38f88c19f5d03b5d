export type { LabMaster, LabMoment, LabPlane, LabPlaneOptions, LabTier, TierCheck } from "./lab-plane.js";
export type {
  ApiserverSettings,
  BalancerSettings,
  ExitTime,
  HealthCheckSettings,
  LabExpectation,
  LabProbeSettings,
  LabScenario,
  LabSetup,
  RolloutSettings,
  Tier,
} from "./lab-scenario.js";
export { setupOf } from "./lab-setup.js";
export { LAB_PROBE } from "./probe-times.js";
export { delayFor, REMEDIES, type Remedy, removalLagMs } from "./remedies.js";
export { LAB_SCENARIOS } from "./scenarios/index.js";
export { TIERS } from "./tiers/index.js";
