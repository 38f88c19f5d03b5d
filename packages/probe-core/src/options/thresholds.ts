import { type Faults, isRecord, shown } from "./faults.js";

const KNOWN = ["maxConnectionFailures", "maxRequestFailures", "maxUnsafe", "maxNewConnectionGapNs"];

/** Checks the thresholds; what they mean is the judge's affair. */
export function checkThresholds(thresholds: unknown, faults: Faults): void {
  if (thresholds === undefined) return;
  if (!isRecord(thresholds)) {
    faults.add("thresholds", `must be an object, is ${shown(thresholds)}`);
    return;
  }
  faults.keys("thresholds", thresholds, KNOWN);
  for (const key of KNOWN) {
    const value = thresholds[key];
    // Infinity is a limit too: "count, but never fail".
    if (value === undefined || value === Number.POSITIVE_INFINITY) continue;
    faults.number(`thresholds.${key}`, value, { min: 0, max: Number.MAX_SAFE_INTEGER });
  }
}
