import { appendFileSync } from "node:fs";
import { join } from "node:path";
import type { ConnectionVerdict } from "@drainprobe/core";
import { expect } from "vitest";
import type { TimeSample } from "./judge.js";
import type { Observed } from "./observe.js";
import { RUN_DIR_VARIABLE } from "./run-dir.js";

/** One line of the real-server table: the verdicts of one lane that are alike. */
export interface Row {
  readonly kind: "row";
  readonly server: string;
  readonly action: string;
  readonly lane: string;
  readonly connections: number;
  readonly close: string;
  readonly closeNotify: string;
  readonly goaway: string;
  readonly type: string;
  readonly inFlight: string;
  /** Requests lost with these connections, by `type, processed`. */
  readonly lost: string;
  /** Verdicts that agree with the packets. */
  readonly agree: number;
}

/** How the times of one run's events stand to the packets. */
export interface TimesLine {
  readonly kind: "times";
  readonly samples: readonly TimeSample[];
  readonly connections: number;
  readonly crossed: number;
  readonly disagreements: number;
}

/** Lines for the script that collects the table; without it they only go to the terminal. */
export function report(server: string, action: string, observed: Observed): void {
  const rows = rowsOf(server, action, observed);
  const { judgements, times, disagreements } = observed.judged;
  const crossed = judgements.filter((judgement) => judgement.crossed).length;
  const line: TimesLine = {
    kind: "times",
    samples: times,
    connections: judgements.length,
    crossed,
    disagreements: disagreements.length,
  };
  const dir = process.env[RUN_DIR_VARIABLE];
  if (dir !== undefined) {
    appendFileSync(join(dir, "table.jsonl"), [...rows, line].map((entry) => `${JSON.stringify(entry)}\n`).join(""));
  }
}

/** Every connection was judged by its packets, nothing contradicts them, and no event came before its packet. */
export function checkAgainstPackets(observed: Observed): void {
  const { disagreements, judgements, times } = observed.judged;
  expect(disagreements).toEqual([]);
  expect(judgements.length).toBe(observed.log.connections.length);
  expect(times.length).toBeGreaterThan(0);
  for (const sample of times) {
    // A packet cannot be seen before it exists: only the wall clock's own error may make it look so.
    expect(sample.lateNs, JSON.stringify(sample)).toBeGreaterThanOrEqual(-sample.errorNs);
  }
  const inside = times.filter(isInside).length;
  // The bound holds for a machine with a core to spare; the table says how often it held. Less than half would be a bug.
  expect(inside / times.length, worst(times)).toBeGreaterThan(0.5);
}

/** The packet lies in `[t - u, t]`, give or take the wall clock's error. */
export function isInside(sample: TimeSample): boolean {
  return sample.lateNs <= sample.u + sample.errorNs && sample.lateNs >= -sample.errorNs;
}

function worst(times: readonly TimeSample[]): string {
  const outside = times.filter((sample) => !isInside(sample));
  return JSON.stringify(outside.slice(0, 5));
}

function rowsOf(server: string, action: string, observed: Observed): Row[] {
  const agrees = new Map(observed.judged.judgements.map((j) => [j.verdict.conn, j.disagreement === null]));
  const rows: Row[] = [];
  const add = (lane: string, verdicts: readonly ConnectionVerdict[]): void => {
    for (const group of groups(verdicts)) {
      const first = group[0] as ConnectionVerdict;
      rows.push({
        kind: "row",
        server,
        action,
        lane,
        connections: group.length,
        close: String(first.close ?? "–"),
        closeNotify: first.closeNotify === null ? "–" : first.closeNotify ? "yes" : "no",
        goaway: goawayText(group),
        type: first.type ?? "–",
        inFlight: span(group.map((verdict) => verdict.requestsInFlight)),
        lost: lostText(observed, group),
        agree: group.filter((verdict) => agrees.get(verdict.conn) === true).length,
      });
    }
  };
  for (const lane of ["held", "idle", "slow"] as const) add(lane, observed.sessions(lane));
  for (const lane of ["fresh.tcp", "fresh.tls", "fresh.h2"] as const) add(`${lane}, after`, observed.later(lane));
  return rows;
}

/** Alike: same close, type, closeNotify and number of GOAWAYs. */
function groups(verdicts: readonly ConnectionVerdict[]): ConnectionVerdict[][] {
  const found = new Map<string, ConnectionVerdict[]>();
  for (const verdict of verdicts) {
    const key = [verdict.close, verdict.type, verdict.closeNotify, verdict.goaways.length].join(" ");
    const group = found.get(key);
    if (group === undefined) found.set(key, [verdict]);
    else group.push(verdict);
  }
  return [...found.values()];
}

/** `last 0, NO_ERROR`; last stream ids of several connections as a range. */
function goawayText(group: readonly ConnectionVerdict[]): string {
  const seen = group.flatMap((verdict) => verdict.goaways);
  if (seen.length === 0) return "none";
  const codes = [...new Set(seen.map((goaway) => goaway.errorCode))].join(", ");
  return `last ${span(seen.map((goaway) => goaway.lastStreamId))}, code ${codes}`;
}

function lostText(observed: Observed, group: readonly ConnectionVerdict[]): string {
  const conns = new Set(group.map((verdict) => verdict.conn));
  const counts = new Map<string, number>();
  for (const request of observed.log.requests) {
    if (request.conn === null || !conns.has(request.conn)) continue;
    const key = `${request.type}, ${request.processed}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts.size === 0 ? "–" : [...counts].map(([key, count]) => `${count} × ${key}`).join("; ");
}

function span(values: readonly number[]): string {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return low === high ? String(low) : `${low}–${high}`;
}
