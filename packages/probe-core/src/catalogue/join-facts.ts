import type { Nanos } from "../events/index.js";
import type { CatalogueFacts } from "./catalogue-types.js";

/** What one run observed, and where its times lie on an axis that all share. */
export interface RunFacts {
  readonly facts: CatalogueFacts;
  readonly at: (t: Nanos) => Nanos;
}

/**
 * What several runs observed of the same servers, as one body of evidence: what one of them saw rules out for all what only looked
 * likely to another, as a reset to a server that was well does for a balancer that ends connections to unhealthy ones.
 */
export function joinFacts(runs: readonly RunFacts[]): CatalogueFacts {
  const rollouts = runs.flatMap(({ facts }) => facts.rollout ?? []);
  const margins = rollouts.flatMap(({ marginNs }) => marginNs ?? []);
  const drains = rollouts.flatMap(({ drainNs }) => drainNs ?? []);
  const early = rollouts.flatMap(({ beforeReady }) => beforeReady ?? []);
  return {
    from: "run",
    failures: runs.flatMap(({ facts, at }) => facts.failures.map((failure) => ({ ...failure, t: at(failure.t) }))),
    paths: runs.flatMap(({ facts }) => facts.paths),
    rollout:
      rollouts.length === 0
        ? null
        : {
            marginNs: margins.length === 0 ? null : Math.min(...margins),
            stoppedWhileChosen: rollouts.some(({ stoppedWhileChosen }) => stoppedWhileChosen),
            beforeReady: early.length === 0 ? null : early.reduce((sum, count) => sum + count, 0),
            drainNs: drains.length === 0 ? null : Math.max(...drains),
            openAtStop: rollouts.reduce((sum, { openAtStop }) => sum + openAtStop, 0),
          },
  };
}
