import type { ThresholdResult, Thresholds } from "./summary-types.js";

/** What the thresholds are held against. */
export interface ThresholdInput {
  readonly incidents: number;
  readonly requestFailures: number;
  readonly unsafe: number;
  readonly newConnectionGapNs: number;
}

const DEFAULTS = { maxConnectionFailures: 0, maxRequestFailures: 0, maxUnsafe: 0 } as const;

/** Every threshold that is set, by default or by the caller, with what it saw. */
export function checkThresholds(thresholds: Thresholds | undefined, input: ThresholdInput): readonly ThresholdResult[] {
  const limits = { ...DEFAULTS, ...thresholds };
  const results = [
    check("maxConnectionFailures", limits.maxConnectionFailures, input.incidents),
    check("maxRequestFailures", limits.maxRequestFailures, input.requestFailures),
    check("maxUnsafe", limits.maxUnsafe, input.unsafe),
  ];
  if (limits.maxNewConnectionGapNs !== undefined) {
    results.push(check("maxNewConnectionGapNs", limits.maxNewConnectionGapNs, input.newConnectionGapNs));
  }
  return results;
}

function check(name: keyof Thresholds, limit: number, seen: number): ThresholdResult {
  return { name, limit, seen, ok: seen <= limit };
}
