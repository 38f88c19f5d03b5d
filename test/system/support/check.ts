import type { Close, ConnectionVerdict, Lane, Processed, VerdictType } from "@drainprobe/core";
import { expect } from "vitest";
import type { Engine, Observed } from "./observe.js";
import { allOf } from "./run-log.js";

/** What the connections of a session lane must have come to. A list means: which of them is a race, see the comment there. */
export interface SessionExpectation {
  readonly close: Close | readonly Close[];
  readonly type: VerdictType | null | readonly (VerdictType | null)[];
  readonly closeNotify: boolean | null | readonly (boolean | null)[];
  /** Error code of the one GOAWAY, or `null` for none. */
  readonly goaway: number | null;
}

/** `close/type` of a fresh connection: `null/tcp.refused`. */
export type FreshOutcome = `${Close | "null"}/${VerdictType | "null"}`;

/** `type/processed` of a lost request: `tcp.closed/maybe`. */
export type RequestOutcome = `${VerdictType}/${Processed}`;

/** Every outcome must be one of these, and the first of them must have occurred. */
export type Outcomes = readonly [FreshOutcome, ...FreshOutcome[]];

type FreshLane = "fresh.tcp" | "fresh.tls" | "fresh.h2";

export interface Expectation {
  readonly held: SessionExpectation;
  readonly idle: SessionExpectation;
  readonly slow: SessionExpectation;
  /** Attempts begun after the action, of all fresh lanes or of each. */
  readonly later: Outcomes | Readonly<Record<FreshLane, Outcomes>>;
  /** How the slow request in flight ended; `ok` if it must have been answered in full. */
  readonly slowRequest: RequestOutcome | "ok" | readonly (RequestOutcome | "ok")[];
  /** Every other lost request must be one of these. */
  readonly requests: readonly RequestOutcome[];
  /** Of the whole run. `pass` becomes `fail` where a request was lost above the last stream id: that is a race. */
  readonly verdict: "pass" | "fail";
}

const SESSIONS: Readonly<Record<"held" | "idle" | "slow", number>> = { held: 2, idle: 1, slow: 1 };

/** Holds what was observed against what the server is known to do. */
export function check(observed: Observed, expected: Expectation, engine: Engine): void {
  for (const lane of ["held", "idle", "slow"] as const) {
    const verdicts = observed.sessions(lane);
    expect(verdicts.length, `${lane} sessions at the action`).toBe(SESSIONS[lane]);
    for (const verdict of verdicts)
      checkSession(verdict, byEngine(expected[lane], engine), describe(observed, verdict));
  }
  checkLater(observed, expected);
  checkSlowRequest(observed, expected);
  for (const lost of observed.requests.filter((request) => request.lane !== "slow" && request.type !== "abandoned")) {
    expect(expected.requests, `request ${JSON.stringify(lost)}`).toContain(`${lost.type}/${lost.processed}`);
  }
  const lostToGoaway = observed.requests.some((request) => request.type === "h2.goaway");
  const verdict = lostToGoaway ? "fail" : expected.verdict;
  expect(observed.summary.verdict, JSON.stringify(observed.summary.thresholds)).toBe(verdict);
  checkGoaways(observed);
  checkCoverage(observed);
}

/**
 * node:http2 closes a connection by itself: after a GOAWAY as soon as no stream is open, and when a write of its own fails. It may
 * be faster than the witness sees the server's end.
 */
function byEngine(expected: SessionExpectation, engine: Engine): SessionExpectation {
  if (engine === "wire") return expected;
  return {
    close: [...list(expected.close), "local"],
    type: [...list(expected.type), null],
    closeNotify: [...list(expected.closeNotify), null],
    goaway: expected.goaway,
  };
}

/** For the message of a failing test: the verdict, the last events it rests on, and the wire. */
function describe(observed: Observed, verdict: ConnectionVerdict): string {
  const events = observed.log.eventsOf(verdict.conn).slice(-8);
  const story = observed.judged.judgements.find((judgement) => judgement.verdict === verdict)?.story;
  const ends = story?.ends.map((end) => `${end.flag} from ${end.from}`);
  return [JSON.stringify(verdict), ...events.map((event) => JSON.stringify(event)), `wire: ${ends?.join(", ")}`].join(
    "\n",
  );
}

function checkSession(verdict: ConnectionVerdict, expected: SessionExpectation, seen: string): void {
  expect(list(expected.close), seen).toContain(verdict.close);
  expect(list(expected.type), seen).toContain(verdict.type);
  expect(list(expected.closeNotify), seen).toContain(verdict.closeNotify);
  const codes = verdict.goaways.map((goaway) => goaway.errorCode);
  expect(codes, seen).toEqual(expected.goaway === null ? [] : [expected.goaway]);
  expect(verdict.evidence.length, seen).toBeGreaterThan(0);
}

function checkLater(observed: Observed, expected: Expectation): void {
  for (const lane of ["fresh.tcp", "fresh.tls", "fresh.h2"] as const) {
    const verdicts = observed.later(lane);
    // Without TLS there is no lane fresh.tls.
    if (!observed.log.header.lanes.some((plan) => plan.lane === lane)) continue;
    const allowed = "fresh.tcp" in expected.later ? expected.later[lane] : expected.later;
    for (const verdict of verdicts) {
      // The end of the run may find an attempt half-way.
      expect([...allowed, "alive/null", "null/null"], JSON.stringify(verdict)).toContain(
        `${verdict.close}/${verdict.type}`,
      );
    }
    const outcomes = verdicts.map((verdict) => `${verdict.close}/${verdict.type}`);
    expect(outcomes, lane).toContain(allowed[0]);
  }
}

function checkSlowRequest(observed: Observed, expected: Expectation): void {
  const [session] = observed.sessions("slow");
  const lost = observed.log.requests.filter((request) => request.conn === session?.conn);
  const outcomes = lost.length === 0 ? ["ok"] : lost.map((request) => `${request.type}/${request.processed}`);
  for (const outcome of outcomes) expect(list(expected.slowRequest), JSON.stringify(lost)).toContain(outcome);
}

/** A last stream id can be no lower than a stream that was answered before the GOAWAY, and no higher than one that was sent. */
function checkGoaways(observed: Observed): void {
  for (const goaway of allOf(observed.log.events, "h2.goaway.received")) {
    const before = observed.log.eventsOf(goaway.conn).filter((event) => event.seq < goaway.seq);
    const sent = Math.max(0, ...allOf(before, "request.sent").map((event) => event.stream));
    const answered = Math.max(0, ...allOf(before, "h2.headers.received").map((event) => event.stream));
    expect(goaway.lastStreamId, JSON.stringify(goaway)).toBeGreaterThanOrEqual(answered);
    expect(goaway.lastStreamId, JSON.stringify(goaway)).toBeLessThanOrEqual(sent);
  }
}

/** Zero failures without coverage would mean nothing: every lane worked, said how well, and lost nothing of its own. */
function checkCoverage(observed: Observed): void {
  const { coverage, drops, requests } = observed.summary;
  expect(coverage.complete).toBe(true);
  expect(coverage.insufficient).toEqual([]);
  expect(
    Object.values(drops).reduce((sum, count) => sum + count, 0),
    JSON.stringify(drops),
  ).toBe(0);
  expect(requests.total).toBe(requests.ok + requests.failed + requests.abandoned);
  const lanes = new Map<Lane, (typeof coverage.lanes)[number]>(coverage.lanes.map((lane) => [lane.lane, lane]));
  for (const plan of observed.log.header.lanes) {
    const lane = lanes.get(plan.lane);
    expect(lane, `coverage of ${plan.lane}`).toBeDefined();
    if (lane === undefined || plan.lane === "idle") continue;
    expect(lane.sent, plan.lane).toBeGreaterThan(0);
    expect(lane.longestBlindGapNs, plan.lane).not.toBeNull();
  }
}

function list<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
