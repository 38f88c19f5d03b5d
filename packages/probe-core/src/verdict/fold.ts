import { Classifier } from "../classify/classifier.js";
import type { LogRecord, Nanos, ProbeEvent, RunFooter, RunHeader } from "../events/index.js";
import { unverifiedPaths } from "../events/unverified-paths.js";
import type { Fold, FoldOptions, FoldSnapshot } from "./contract.js";
import { DROPS, joinDrops } from "./drops.js";
import { insufficientReasons } from "./insufficient.js";
import { RolloutWatch } from "./rollout/rollout-watch.js";
import type { PathSummary, SelfTestResult, Summary } from "./summary-types.js";
import { Tally } from "./tally.js";
import { checkThresholds } from "./thresholds.js";

const NO_SELF_TEST: SelfTestResult = { ran: false, passed: null, scenarios: 0, failures: [], durationNs: null };

/** A new fold. It runs beside the sockets of a live run and over the lines of an old log alike. */
export function createFold(options: FoldOptions = {}): Fold {
  return new LogFold(options);
}

class LogFold implements Fold {
  readonly #options: FoldOptions;
  readonly #tally: Tally;
  readonly #classifier: Classifier;
  readonly #rollout: RolloutWatch;
  #header: RunHeader | null = null;
  #footer: RunFooter | null = null;
  #summary: Summary | null = null;
  #lastSeq = 0;
  #missing = 0;
  #firstT: Nanos | null = null;
  #lastT: Nanos = 0;
  #observedUntil: Nanos | null = null;
  readonly #paced = { sessions: 0, longestNs: 0 };
  readonly #stalls = { count: 0, longestNs: 0, totalNs: 0 };

  constructor(options: FoldOptions) {
    this.#options = options;
    this.#tally = new Tally(options);
    this.#classifier = new Classifier(this.#tally);
    this.#rollout = new RolloutWatch(this.#classifier.attribution, options.objectives);
    this.#tally.rollout = this.#rollout;
  }

  push(record: LogRecord): void {
    if (this.#summary !== null) return;
    switch (record.kind) {
      case "run.header":
        if (this.#header === null) this.#rollout.epoch(record.reference.wall, record.reference.wallErrorNs);
        this.#header ??= record;
        return;
      case "run.footer":
        this.#footer ??= record;
        this.#lastT = Math.max(this.#lastT, record.t);
        return;
      default:
        this.#event(record);
    }
  }

  snapshot(): FoldSnapshot {
    const { requests, connections, lanes, lastIncident } = this.#tally;
    const { total, ok, failed, abandoned } = requests;
    return {
      t: this.#lastT,
      requests: { total, ok, failed, inFlight: total - ok - failed - abandoned },
      connections: {
        opened: connections.opened,
        open: connections.opened - connections.ended,
        failed: connections.failed,
      },
      incidents: this.#classifier.court.incidents.count,
      drops: joinDrops(this.#ownDrops()),
      lastIncident,
      lanes: lanes.map(({ path, lane, sent, connectionsOpen, failed: laneFailed }) => ({
        path,
        lane,
        sent,
        open: connectionsOpen,
        failed: laneFailed,
      })),
      backends: this.#rollout.now(this.#lastT),
    };
  }

  finish(extra: Parameters<Fold["finish"]>[0] = {}): Summary {
    this.#summary ??= this.#summarize(extra.selfTest ?? NO_SELF_TEST, extra.drops ?? {});
    return this.#summary;
  }

  #event(event: ProbeEvent): void {
    if (event.seq > this.#lastSeq + 1) this.#missing += event.seq - this.#lastSeq - 1;
    if (event.seq > this.#lastSeq) this.#lastSeq = event.seq;
    if (event.t > this.#lastT) this.#lastT = event.t;
    if (this.#firstT === null) this.#begin(event.t);
    switch (event.kind) {
      case "process.stall":
        this.#stalls.count += 1;
        this.#stalls.totalNs += event.durationNs;
        this.#stalls.longestNs = Math.max(this.#stalls.longestNs, event.durationNs);
        break;
      case "session.paced":
        this.#paced.sessions += 1;
        this.#paced.longestNs = Math.max(this.#paced.longestNs, event.delayNs);
        break;
      case "tcp.close.started":
      case "request.aborted":
      case "request.unsent":
        if (event.reason === "run.ended" || event.reason === "aborted") this.#endObservation(event.t);
        break;
      default:
    }
    this.#classifier.push(event);
    this.#rollout.push(event);
  }

  #endObservation(t: Nanos): void {
    this.#observedUntil ??= t;
    this.#tally.observing = false;
  }

  /** Lanes that were planned are shown even if they never do anything. */
  #begin(t: Nanos): void {
    this.#firstT = t;
    this.#tally.observedFrom = t;
    for (const { path, lane } of this.#header?.lanes ?? []) {
      this.#tally.lane(path, lane);
      this.#tally.path(path);
      this.#classifier.attribution.path(path);
    }
  }

  #summarize(selfTest: SelfTestResult, extraDrops: Readonly<Record<string, number>>): Summary {
    if (this.#firstT === null) this.#begin(this.#lastT);
    this.#classifier.finish();
    const until = this.#observedUntil ?? this.#lastT;
    const durationNs = Math.max(0, until - (this.#firstT ?? 0));
    const incidents = this.#classifier.court.incidents;
    const tally = this.#tally;
    const drops = joinDrops(this.#footer?.drops ?? {}, extraDrops, this.#ownDrops());
    const scheduled = this.#footer?.scheduled ?? {};
    const lanes = tally.lanes.map((lane) => lane.coverage(until, scheduled[`${lane.path}/${lane.lane}`] ?? null));
    const paths = this.#pathSummaries(until);
    const complete = this.#footer !== null;
    const rollouts = this.#rollout.finish(until, paths);
    const objectives = rollouts.rollout?.objectives ?? [];
    const insufficient = insufficientReasons({
      lanes,
      paths,
      complete,
      drops,
      localResources: tally.localResources,
      stalledNs: this.#stalls.totalNs,
      durationNs,
      unknownVerdicts: tally.unknownVerdicts,
      unexplained: incidents.count === 0 ? tally.withoutConnection : 0,
      selfTest,
      objectives,
    });
    const thresholds = checkThresholds(this.#options.thresholds, {
      incidents: incidents.count - (rollouts.rollout?.allowed.incidents ?? 0),
      requestFailures: tally.byScope.request - tally.unknownRequests.failed - (rollouts.rollout?.allowed.requests ?? 0),
      unsafe: tally.unsafe - tally.unknownRequests.unsafe,
      newConnectionGapNs: Math.max(0, ...paths.map((path) => path.newConnections.longestGapNs)),
    });
    const unverified = unverifiedPaths(this.#header);
    const exceeded =
      thresholds.some((threshold) => !threshold.ok) || objectives.some(({ result }) => result === "fail");
    return {
      schema: "drainprobe.summary/1",
      verdict: exceeded ? "fail" : insufficient.length > 0 ? "inconclusive" : "pass",
      requests: tally.requestSummary(),
      connections: tally.connectionSummary(),
      incidents: incidents.list(),
      paths,
      thresholds,
      coverage: {
        durationNs,
        lanes,
        stalls: { ...this.#stalls },
        ...(this.#paced.sessions === 0 ? {} : { paced: { ...this.#paced } }),
        ...(unverified.length === 0 ? {} : { unverified }),
        worstUncertaintyNs: tally.worstUncertainty,
        complete,
        insufficient,
      },
      selfTest,
      drops,
      ...rollouts,
    };
  }

  #ownDrops(): Record<string, number> {
    const { attribution, court, unknownKinds, unattributed, droppedGoaways } = this.#classifier;
    return {
      [DROPS.unknownEvents]: unknownKinds,
      [DROPS.unattributedEvents]: unattributed,
      [DROPS.missingEvents]: this.#missing,
      [DROPS.openConnections]: attribution.droppedConnections,
      [DROPS.openRequests]: attribution.droppedRequests,
      [DROPS.incidents]: court.incidents.dropped,
      [DROPS.incidentEvidence]: court.droppedEvidence,
      [DROPS.goaways]: droppedGoaways,
      [DROPS.rolloutMarkers]: this.#rollout.droppedMarkers,
      [DROPS.rolloutSamples]: this.#rollout.droppedSamples,
      [DROPS.placedFailures]: this.#rollout.droppedFailures,
    };
  }

  #pathSummaries(until: Nanos): PathSummary[] {
    const { attribution } = this.#classifier;
    const names = new Set([...attribution.paths.keys(), ...this.#tally.paths.keys()]);
    return [...names]
      .map((name) => attribution.path(name))
      .map((reach) => ({
        path: reach.path,
        newConnections: {
          attempted: reach.attempted,
          failed: reach.failed,
          longestGapNs: reach.longestGap(until),
        },
        requests: { ...this.#tally.path(reach.path) },
        hairpin: reach.hairpin,
      }));
  }
}
