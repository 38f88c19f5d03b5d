import type { ClassifierListener } from "../classify/classifier.js";
import { isUnsafeToRetry } from "../classify/request-rules.js";
import {
  CLOSES,
  type Close,
  type ConnectionVerdict,
  type Incident,
  type RequestVerdict,
  VERDICT_TYPES,
  type VerdictType,
} from "../classify/verdict-types.js";
import type { EventOf, Lane, Nanos, PathName, Stamp } from "../events/index.js";
import type { FoldOptions } from "./contract.js";
import { LaneTally } from "./lane-tally.js";
import type { RolloutWatch } from "./rollout/rollout-watch.js";
import type { Summary } from "./summary-types.js";

/** Requests of one path. */
export interface PathTally {
  total: number;
  ok: number;
  failed: number;
  abandoned: number;
}

/** Counts what the classifier says, and passes verdicts and incidents on. Fixed size per path and lane. */
export class Tally implements ClassifierListener {
  readonly requests: PathTally = { total: 0, ok: 0, failed: 0, abandoned: 0 };
  readonly byScope = { connection: 0, request: 0 };
  unsafe = 0;
  readonly connections = { opened: 0, ended: 0, failed: 0 };
  localResources = 0;
  unknownVerdicts = 0;
  /** What only a log that lost events calls a failure: shown, and held against nobody. */
  readonly unknownRequests = { failed: 0, unsafe: 0 };
  /** Requests lost for want of a connection, where none is named. */
  withoutConnection = 0;
  worstUncertainty = 0;
  lastIncident: Incident | null = null;
  observedFrom: Nanos = 0;
  /** `false` from the moment on in which we began to end the run: what we do after it is no observation. */
  observing = true;
  /** Hears the judgements as well. */
  rollout: RolloutWatch | null = null;
  readonly paths = new Map<PathName, PathTally>();
  readonly lanes: LaneTally[] = [];
  readonly #lanes = new Map<PathName, Map<Lane, LaneTally>>();
  readonly #closed = new Map<Close, number>();
  readonly #requestTypes = new Map<VerdictType, number>();
  readonly #connectionTypes = new Map<VerdictType, number>();
  readonly #options: FoldOptions;

  constructor(options: FoldOptions) {
    this.#options = options;
  }

  lane(path: PathName, lane: Lane): LaneTally {
    let lanes = this.#lanes.get(path);
    if (lanes === undefined) {
      lanes = new Map();
      this.#lanes.set(path, lanes);
    }
    let tally = lanes.get(lane);
    if (tally === undefined) {
      tally = new LaneTally(path, lane, this.observedFrom);
      lanes.set(lane, tally);
      this.lanes.push(tally);
    }
    return tally;
  }

  path(name: PathName): PathTally {
    let path = this.paths.get(name);
    if (path === undefined) {
      path = { total: 0, ok: 0, failed: 0, abandoned: 0 };
      this.paths.set(name, path);
    }
    return path;
  }

  onAttempt(event: EventOf<"tcp.connect.started"> | EventOf<"dns.resolve.failed">): void {
    const lane = this.lane(event.path, event.lane);
    if (lane.operation === "connection" && this.observing)
      lane.started(event.t, "intended" in event ? event.intended : null);
  }

  onConnectionOpened(path: PathName, lane: Lane): void {
    this.connections.opened += 1;
    this.lane(path, lane).connectionsOpen += 1;
  }

  onRequest(event: EventOf<"request.queued"> | EventOf<"request.sent">): void {
    this.requests.total += 1;
    this.path(event.path).total += 1;
    const lane = this.lane(event.path, event.lane);
    if (lane.operation === "request" && this.observing) lane.started(event.t, event.intended);
  }

  onRequestOk(path: PathName): void {
    this.requests.ok += 1;
    this.path(path).ok += 1;
  }

  onPing(path: PathName, lane: Lane, event: Stamp): void {
    if (this.observing) this.lane(path, lane).pinged(event.t);
  }

  onRequestVerdict(verdict: RequestVerdict, worstU: Nanos): void {
    const path = this.path(verdict.path);
    if (verdict.type === "abandoned") {
      this.requests.abandoned += 1;
      path.abandoned += 1;
    } else {
      this.requests.failed += 1;
      path.failed += 1;
      this.byScope[verdict.scope] += 1;
      this.lane(verdict.path, verdict.lane).requestsFailed += 1;
      if (verdict.scope === "connection" && verdict.conn === null) this.withoutConnection += 1;
      if (isUnsafeToRetry(verdict)) this.unsafe += 1;
      if (verdict.type === "unknown") {
        if (verdict.scope === "request") this.unknownRequests.failed += 1;
        if (isUnsafeToRetry(verdict)) this.unknownRequests.unsafe += 1;
      }
    }
    if (verdict.type === "unknown") this.unknownVerdicts += 1;
    add(this.#requestTypes, verdict.type);
    this.worstUncertainty = Math.max(this.worstUncertainty, worstU);
    this.rollout?.onRequestVerdict(verdict);
    this.#options.onVerdict?.(verdict);
  }

  onConnectionVerdict(verdict: ConnectionVerdict, worstU: Nanos): void {
    const lane = this.lane(verdict.path, verdict.lane);
    if (verdict.local !== null) {
      this.connections.ended += 1;
      lane.connectionsOpen -= 1;
    }
    if (verdict.close !== null) add(this.#closed, verdict.close);
    if (verdict.type !== null) {
      add(this.#connectionTypes, verdict.type);
      if (verdict.type === "local.resources") this.localResources += 1;
      else {
        this.connections.failed += 1;
        lane.connectionsFailed += 1;
      }
    }
    if (verdict.type === "unknown") this.unknownVerdicts += 1;
    this.worstUncertainty = Math.max(this.worstUncertainty, worstU);
    this.rollout?.onConnectionVerdict(verdict);
    this.#options.onVerdict?.(verdict);
  }

  onIncident(incident: Incident): void {
    this.lastIncident = incident;
    this.rollout?.onIncident(incident);
    this.#options.onIncident?.(incident);
  }

  requestSummary(): Summary["requests"] {
    return {
      ...this.requests,
      byScope: { ...this.byScope },
      byType: inOrder(VERDICT_TYPES, this.#requestTypes),
      unsafeToRetry: this.unsafe,
    };
  }

  connectionSummary(): Summary["connections"] {
    const closed = {} as Record<Close, number>;
    for (const close of CLOSES) closed[close] = this.#closed.get(close) ?? 0;
    return {
      opened: this.connections.opened,
      failed: this.connections.failed,
      closed,
      byType: inOrder(VERDICT_TYPES, this.#connectionTypes),
    };
  }
}

function add<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Counts above zero, in the order of the registry. */
function inOrder<K extends string>(keys: readonly K[], counts: ReadonlyMap<K, number>): Partial<Record<K, number>> {
  const ordered: Partial<Record<K, number>> = {};
  for (const key of keys) {
    const count = counts.get(key);
    if (count !== undefined) ordered[key] = count;
  }
  return ordered;
}
