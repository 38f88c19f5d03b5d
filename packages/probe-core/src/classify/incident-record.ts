import type { Outage } from "../attribute/path-reach.js";
import type { Seq } from "../events/index.js";
import { LIMITS } from "../limits.js";
import { ascending } from "./evidence.js";
import { isUnsafeToRetry } from "./request-rules.js";
import type { ConnectionVerdict, Incident, RequestVerdict, VerdictType } from "./verdict-types.js";

/** Requests lost with one connection. */
export class Casualties {
  failed = 0;
  unsafe = 0;
  /** Of the first one. */
  type: VerdictType | null = null;
  /** Sequence numbers that did not fit. */
  droppedEvidence = 0;
  readonly evidence: Seq[] = [];

  add(verdict: RequestVerdict): void {
    this.failed += 1;
    this.type ??= verdict.type;
    if (isUnsafeToRetry(verdict)) this.unsafe += 1;
    for (const seq of verdict.evidence) {
      if (this.evidence.length < LIMITS.incidentEvidence) this.evidence.push(seq);
      else this.droppedEvidence += 1;
    }
  }
}

/** An incident whose recovery, and some late casualty, may still come. */
export class IncidentRecord {
  readonly verdict: ConnectionVerdict;
  readonly type: VerdictType;
  readonly casualties: Casualties;
  readonly outage: Outage | null;

  constructor(verdict: ConnectionVerdict, type: VerdictType, casualties: Casualties, outage: Outage | null) {
    this.verdict = verdict;
    this.type = type;
    this.casualties = casualties;
    this.outage = outage;
  }

  /** What is known of it by now. */
  toIncident(): Incident {
    const { verdict, casualties, outage } = this;
    const recoveredAt = outage?.recoveredAt ?? null;
    return {
      conn: verdict.conn,
      path: verdict.path,
      lane: verdict.lane,
      type: this.type,
      close: verdict.close,
      closeNotify: verdict.closeNotify,
      local: verdict.local,
      remote: verdict.remote,
      t: verdict.t,
      u: verdict.u,
      requestsInFlight: verdict.requestsInFlight,
      requestsFailed: casualties.failed,
      unsafeToRetry: casualties.unsafe,
      goaways: verdict.goaways,
      evidence: ascending([...verdict.evidence, ...casualties.evidence]),
      recoveredAfterNs: outage === null || recoveredAt === null ? null : recoveredAt - outage.since,
    };
  }
}
