import type { Nanos } from "../events/index.js";
import { weakensResult } from "./drops.js";
import type { Objective } from "./rollout/rollout-types.js";
import type { LaneCoverage, PathSummary, SelfTestResult } from "./summary-types.js";

/** Share of a lane's schedule that may be lost. */
const MAX_LOST = 0.1;
/** Share of the run in which our event loop may have stood still. */
const MAX_STALLED = 0.2;

/** What may make a result rest on too little. */
export interface Sufficiency {
  readonly lanes: readonly LaneCoverage[];
  readonly paths: readonly Pick<PathSummary, "path" | "requests">[];
  readonly complete: boolean;
  readonly drops: Readonly<Record<string, number>>;
  readonly localResources: number;
  readonly stalledNs: Nanos;
  readonly durationNs: Nanos;
  readonly unknownVerdicts: number;
  /** Requests lost with a connection, though no connection shows for it. */
  readonly unexplained: number;
  readonly selfTest: SelfTestResult;
  /** Of a run that watched for rollouts. */
  readonly objectives: readonly Objective[];
}

/** The reasons for which no failure seen is not a pass, in words; empty when there is none. */
export function insufficientReasons(facts: Sufficiency): string[] {
  const reasons: string[] = [];
  if (facts.lanes.every((lane) => lane.sent === 0)) reasons.push("nothing was sent");
  for (const { path, lane, scheduled, lost } of facts.lanes) {
    if (scheduled === null || lost === null || lost <= scheduled * MAX_LOST) continue;
    const share = percent(lost / scheduled);
    reasons.push(`${path} ${lane}: ${lost} of ${scheduled} scheduled operations (${share}) were not started`);
  }
  if (!facts.complete) reasons.push("the log has no footer: the run was cut off");
  for (const [name, count] of Object.entries(facts.drops)) {
    if (weakensResult(name)) reasons.push(`dropped: ${count} ${name}`);
  }
  for (const { path, requests } of facts.paths) {
    // A watch may be open from end to end; these lanes were sent to be answered.
    const asked = facts.lanes.filter(
      (lane) => lane.path === path && (lane.lane === "held" || lane.lane === "fresh.h2"),
    );
    const sent = asked.reduce((sum, lane) => sum + lane.sent, 0);
    if (sent > 0 && requests.ok + requests.failed === 0) {
      reasons.push(`${path}: none of ${sent} requests was answered, or given time enough to be`);
    }
  }
  if (facts.localResources > 0) {
    reasons.push(
      `${facts.localResources} connection attempts failed for want of ports, descriptors or memory on this host`,
    );
  }
  if (facts.stalledNs > facts.durationNs * MAX_STALLED) {
    const share = facts.durationNs > 0 ? percent(facts.stalledNs / facts.durationNs) : "all";
    reasons.push(`our own event loop stood still for ${share} of the run`);
  }
  if (facts.unknownVerdicts > 0)
    reasons.push(`${facts.unknownVerdicts} verdicts rest on nothing: the log lost their events`);
  if (facts.unexplained > 0) {
    reasons.push(`${facts.unexplained} requests found no connection, and no failed attempt shows why`);
  }
  if (facts.selfTest.passed === false) reasons.push("the self-test failed");
  for (const { result, text, why } of facts.objectives) {
    if (result === "inconclusive") reasons.push(`whether ${text}: ${why}`);
  }
  return reasons;
}

function percent(share: number): string {
  return `${Math.round(Math.min(1, share) * 100)} %`;
}
