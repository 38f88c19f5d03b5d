import { checkNetns } from "../../netns/check.js";
import { removeLeftLabs, startNetnsPlane } from "../../netns/plane.js";
import type { LabTier } from "../lab-plane.js";

/** Our own API servers, in namespaces, behind the kernel's balancers. */
export const NETNS: LabTier = {
  tier: "netns",
  check: checkNetns,
  start: (options) => startNetnsPlane("embedded", options),
  down: removeLeftLabs,
};
