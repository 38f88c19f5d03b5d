import { findKubePrograms } from "../../kube/programs.js";
import { checkNetns } from "../../netns/check.js";
import { removeLeftLabs, startNetnsPlane } from "../../netns/plane.js";
import type { LabTier } from "../lab-plane.js";

/** Real kube-apiservers and etcd, in namespaces, behind the kernel's balancers. Plays at speed 1. */
export const KUBE: LabTier = {
  tier: "kube",
  async check() {
    const reason = await checkNetns();
    if (reason !== null) return reason;
    for (const version of ["current", "historic"] as const) {
      const programs = await findKubePrograms(version);
      if (!programs.ok) return programs.reason;
    }
    return null;
  },
  start: (options) => startNetnsPlane("kube", options),
  down: removeLeftLabs,
};
