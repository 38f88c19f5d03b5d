import { LogHistogram } from "../attribute/log-histogram.js";
import type { Lane, Nanos, PathName } from "../events/index.js";
import type { LaneCoverage } from "./summary-types.js";

/** What is counted as an operation of a lane. */
export type Operation = "request" | "connection" | "ping";

/** `fresh.h2` counts its requests: each has a connection of its own. */
export function operationOf(lane: Lane): Operation {
  switch (lane) {
    case "fresh.tcp":
    case "fresh.hello":
    case "fresh.tls":
      return "connection";
    case "idle":
      return "ping";
    default:
      return "request";
  }
}

/** Lanes without a rate look at their connections by PING, whatever else they do. */
function looksByPing(lane: Lane): boolean {
  return lane === "idle" || lane === "watch" || lane === "slow";
}

/** Counters of one lane on one path. Fixed size. */
export class LaneTally {
  readonly path: PathName;
  readonly lane: Lane;
  readonly operation: Operation;
  sent = 0;
  requestsFailed = 0;
  connectionsOpen = 0;
  connectionsFailed = 0;
  readonly #observedFrom: Nanos;
  readonly #gaps = new LogHistogram();
  readonly #lateness = new LogHistogram();
  #lastLook: Nanos;
  #longestBlindGap = 0;
  #lastProbe: Nanos;
  #probes = 0;

  constructor(path: PathName, lane: Lane, observedFrom: Nanos) {
    this.path = path;
    this.lane = lane;
    this.operation = operationOf(lane);
    this.#observedFrom = observedFrom;
    this.#lastLook = observedFrom;
    this.#lastProbe = observedFrom;
  }

  /** Failed operations of the lane's kind. */
  get failed(): number {
    return this.operation === "request" ? this.requestsFailed : this.connectionsFailed;
  }

  /** An operation starts. */
  started(t: Nanos, intended: Nanos | null): void {
    this.sent += 1;
    if (intended !== null) this.#lateness.record(t - intended);
    this.#look(t);
    this.#probe(t);
  }

  /** A PING was answered. */
  pinged(t: Nanos): void {
    if (this.operation === "ping") this.sent += 1;
    this.#look(t);
    if (looksByPing(this.lane)) this.#probe(t);
  }

  /** The lane's coverage of the time from the first event to `observedUntil`. Call once. */
  coverage(observedUntil: Nanos, scheduled: number | null): LaneCoverage {
    this.#look(observedUntil);
    if (this.#probes > 0) this.#gaps.record(observedUntil - this.#lastProbe);
    const lateness = this.#lateness;
    return {
      path: this.path,
      lane: this.lane,
      scheduled,
      sent: this.sent,
      lost: scheduled === null ? null : Math.max(0, scheduled - this.sent),
      longestBlindGapNs: this.#longestBlindGap,
      smallestOutageNs: smallestOutage(this.#gaps, observedUntil - this.#observedFrom),
      latenessNs:
        lateness.count === 0 ? null : { p50: lateness.quantile(0.5), p99: lateness.quantile(0.99), max: lateness.max },
    };
  }

  #look(t: Nanos): void {
    if (t <= this.#lastLook) return;
    this.#longestBlindGap = Math.max(this.#longestBlindGap, t - this.#lastLook);
    this.#lastLook = t;
  }

  #probe(t: Nanos): void {
    this.#probes += 1;
    this.#gaps.record(t - this.#lastProbe);
    this.#lastProbe = Math.max(t, this.#lastProbe);
  }
}

/** Share of outages that may be missed. */
const MISSED = 0.05;

/**
 * The shortest outage that at least 95 % of the time would have met an operation, if its start is equally likely anywhere in the
 * run: P(missed) = sum of max(0, gap - length) / duration. `null` where nothing was looked at.
 */
export function smallestOutage(gaps: LogHistogram, duration: Nanos): Nanos | null {
  if (gaps.count === 0 || duration <= 0) return null;
  const budget = MISSED * duration;
  let missesTooMany = -1;
  let caught = gaps.max;
  while (caught - missesTooMany > 1) {
    const middle = Math.floor((caught + missesTooMany) / 2);
    if (gaps.excessOver(middle) <= budget) caught = middle;
    else missesTooMany = middle;
  }
  return caught;
}
