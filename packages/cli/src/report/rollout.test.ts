import type { BackendRollout, ClientGoCaller, RolloutSummary, Summary } from "@drainprobe/core";
import { describe, expect, it } from "vitest";
import { PLAIN } from "../text/colour.js";
import { placeWords, rolloutLines } from "./rollout.js";

const STYLE = { width: 100, palette: PLAIN };
const S = 1e9;
const moment = (
  t: number,
): { t: number; errorNs: number; source: "termination.log"; marker: "termination.started" } => ({
  t: t * S,
  errorNs: 500,
  source: "termination.log",
  marker: "termination.started",
});

const ROLLOUT: BackendRollout = {
  backend: "master-0",
  t0: moment(10),
  phases: [
    { phase: "serving", from: null, to: 10 * S },
    { phase: "terminating-not-ready", from: moment(10), to: 26 * S },
    { phase: "late", from: moment(26), to: 30 * S },
    { phase: "ready", from: moment(36), to: null },
  ],
  delayNs: 20 * S,
  complete: true,
  newConnectionsTried: 43,
  acceptedAfterT0: 12,
  watchedAfterT0: 43,
  lastAccepted: { conn: 5, path: "vip", t: 21 * S },
  removalLagNs: 11 * S,
  refusedWhileAway: 0,
  stoppedWhileChosen: false,
  marginNs: 9 * S,
  firstAfterReady: { conn: 9, path: "vip", t: 40 * S },
  reAddLagNs: 4 * S,
  beforeReady: 0,
  inFlight: { total: 3, completed: 2, turnedAway: 0, cut: 1, abandoned: 0, share: 2 / 3 },
  connectionsEnded: 2,
  connectionsBroken: 1,
  saidLate: false,
  ownLateConnections: null,
  conflicts: 0,
};

function summary(change: Partial<RolloutSummary> = {}, more: Partial<Summary> = {}): Summary {
  const rollout: RolloutSummary = {
    headline: {
      removalLagNs: 11 * S,
      reAddLagNs: 4 * S,
      beforeReady: 0,
      longestNewConnectionGapNs: 0.2 * S,
      longestNewConnectionGapPath: "vip",
      inFlight: ROLLOUT.inFlight,
      marginNs: 9 * S,
      neededDelayNs: 14.9 * S,
      neededDelayArithmetic: "master-0: the last of 12 new connections came 11 s after T0; 11 s x 13/12 / 0.8 = 14.9 s",
    },
    objectives: [
      {
        name: "in-flight-requests-completed",
        text: "in-flight requests are given enough time to complete",
        result: "fail",
        why: "1 of 3 requests in flight were cut",
      },
    ],
    rollouts: [ROLLOUT],
    byPhase: [{ backend: "master-0", phase: "late", incidents: 1, requests: 1, unsafeToRetry: 0 }],
    allowed: { incidents: 0, requests: 0 },
    incidents: [],
    requests: [],
    markers: { "termination.log": 6, readyz: 4 },
    unidentifiedConnections: 2,
    ...change,
  };
  return { rollout, clientGo: null, writes: null, ...more } as Summary;
}

describe("the rollouts of a report", () => {
  it("say when, for how long, what the balancer did and what was lost", () => {
    const lines = rolloutLines(summary(), "2020-06-09T13:27:30.000000000Z", STYLE);
    expect(lines.slice(0, 10)).toEqual([
      "Rollouts (1)",
      "  1  master-0",
      "     T0         2020-06-09T13:27:40.000Z, t 10.000 s, ± 500 ns, by termination.log",
      "     phases     terminating-not-ready 16.0 s, late 4.00 s, ready from then on; D was 20.0 s",
      "     balancer   12 of 43 new connections reached it after T0, the last after 11.0 s, 9.00 s before",
      "                the end of D; the first one came back 4.00 s after it was ready",
      "     in flight  2 answered, 1 CUT, of 3 requests",
      "     ended      2 connections, 1 BROKEN",
      "     failures   late: 1 connection, 1 request",
      "  markers: termination.log 6, readyz 4; of 2 connections nobody knows to which backend",
    ]);
    const text = lines.join("\n");
    expect(text).toContain("shutdown delay that this takes: master-0: the last of 12 new connections");
    expect(text).toMatch(/fail {10}in-flight requests are given enough time to complete: 1 of 3/);
  });

  it("say what was not seen, and what is worse than it should be", () => {
    const bad: BackendRollout = {
      ...ROLLOUT,
      t0: null,
      complete: false,
      conflicts: 1,
      saidLate: true,
      ownLateConnections: 4,
      marginNs: -1 * S,
      beforeReady: 3,
    };
    const text = rolloutLines(summary({ rollouts: [bad] }), null, { ...STYLE, width: 300 }).join("\n");
    expect(text).toContain("T0         not seen");
    expect(text).toContain("AFTER the delay");
    expect(text).toContain("3 connections reached it BEFORE it was ready");
    expect(text).toContain(
      "doubt      not seen from T0 to the next green /readyz; sources disagreed 1 time; the server itself complained of late connections; at least 4 of them were ours",
    );
  });

  it("say what client-go would have seen, and what became of lost writes", () => {
    const caller = (change: Partial<ClientGoCaller["fates"]>): ClientGoCaller => ({
      fates: { unseen: 0, retried: 0, error: 0, waits: 0, "not-simulated": 0, ...change },
      retriesExhausted: 0,
      longestWaitNs: 2 * S,
    });
    const clientGo = {
      requests: 3,
      kubeletGet: { ...caller({ retried: 3 }), retriesExhausted: 1 },
      controllerPost: caller({ error: 2, unseen: 1 }),
      byRule: {},
    };
    const writes = { applied: 1, notApplied: 2, unknown: 0 };
    const lines = rolloutLines(summary({}, { rollout: null, clientGo, writes }), null, { ...STYLE, width: 200 });
    expect(lines).toEqual([
      "What client-go would have made of 3 failed requests",
      "  a kubelet's GET     1 error, 2 retried, and only late; the longest wait 2.00 s",
      "  a controller's POST 2 errors, 1 unseen; the longest wait 2.00 s",
      "",
      "lost writes read back: 1 had been applied, so that a retry would have been wrong; 2 had not; 0 could not be told",
      "",
    ]);
  });

  it("are nothing for a run that knew of none", () => {
    expect(rolloutLines({ rollout: null, clientGo: null, writes: null } as Summary, null, STYLE)).toEqual([]);
    expect(rolloutLines({} as Summary, null, STYLE)).toEqual([]);
  });

  it("show nothing unprintable of a log from elsewhere", () => {
    const text = rolloutLines(summary({ rollouts: [{ ...ROLLOUT, backend: "\x1b[31mm" }] }), null, STYLE).join("");
    expect(text).not.toContain("\x1b");
  });
});

describe("the place of a failure", () => {
  it.each([
    [{ backend: "m0", phase: "late", sinceT0Ns: 16 * S, by: "connection" }, "m0, late, 16.0 s after its T0"],
    [{ backend: "m0", phase: "down", sinceT0Ns: null, by: "time" }, "while m0 was down (who answered is not known)"],
    [{ backend: "m9", phase: null, sinceT0Ns: null, by: "connection" }, "m9, of which no marker tells"],
    [{ backend: null, phase: null, sinceT0Ns: null, by: null }, null],
  ] as const)("%j", (placement, words) => expect(placeWords(placement)).toBe(words));
});
