import type { Close, Incident, VerdictType } from "../classify/verdict-types.js";
import { DrainprobeError } from "../errors.js";
import type { Summary } from "../verdict/summary-types.js";
import { countBy, describeCounts, describeIncidents, duration, plural } from "./describe.js";
import type { Finding } from "./finding.js";

/** What a clean drain is held to, beside what it always is. */
export interface DrainOptions {
  /**
   * Longest time on any path in which no new connection may have worked; needs a fresh lane. Default: not looked at, because a single
   * server that went away takes no new connections. Behind a balancer give it.
   */
  readonly maxNewConnectionGapMs?: number;
  /**
   * Requests above a GOAWAY's last stream id that may have been left. They were provably not processed, and every client may
   * send them again (RFC 9113 §6.8). Default: any number; 0 for a server that announces GOAWAY before it stops taking requests.
   */
  readonly maxUnprocessed?: number;
  /** Connections that must have been drained, so that a test in which nothing happened fails. Default 1. */
  readonly minDrained?: number;
  /** Whether thin coverage (`summary.coverage.insufficient`) fails as well, as it does in `summary.verdict`. Default `false`. */
  readonly requireCoverage?: boolean;
}

/** What an incident must be; what is left out may be anything. */
export interface IncidentPattern {
  readonly type?: VerdictType;
  /** How the connection ended; `null` for an attempt that never worked. */
  readonly close?: Close | null;
  readonly lane?: string;
  readonly path?: string;
  /** Requests lost with it, at least. */
  readonly minRequestsFailed?: number;
}

/** Requests that fail by themselves, whatever becomes of their connection. */
const OWN_FAILURE = /^(http\.|h2\.stream\.|h2\.protocol|request\.|unknown)/;

/**
 * Whether all connections that worked were let go in good order: each one that ended was told so by GOAWAY first, every stream that
 * the GOAWAY counted was finished, and no request failed. Attempts to connect that failed are looked at only by
 * `maxNewConnectionGapMs`. Does not prove that a longer or busier run would have found nothing.
 */
export function checkDrain(summary: Summary, options: DrainOptions = {}): Finding {
  const { maxNewConnectionGapMs, maxUnprocessed, minDrained = 1, requireCoverage = false } = options;
  const given = summaryOf(summary);
  const cut = given.incidents.filter(isCut);
  const left = given.incidents.filter((incident) => incident.close === "graceful" && incident.type === "h2.goaway");
  const unprocessed = left.reduce((sum, incident) => sum + incident.requestsFailed, 0);
  const problems: string[] = [];
  const shown: Incident[] = [...cut];
  if (cut.length > 0) {
    const requests = cut.reduce((sum, incident) => sum + incident.requestsFailed, 0);
    const unsafe = cut.reduce((sum, incident) => sum + incident.unsafeToRetry, 0);
    problems.push(
      `${plural(cut.length, "connection")} failed and took ${plural(requests, "request")} along` +
        `${unsafe > 0 ? `, ${unsafe} of them UNSAFE to send again` : ""}: ${countBy(cut)}`,
    );
  }
  if (maxUnprocessed !== undefined && unprocessed > maxUnprocessed) {
    problems.push(
      `${plural(unprocessed, "request")} above the GOAWAY's last stream id, at most ${maxUnprocessed} allowed`,
    );
    shown.push(...left);
  }
  if (given.requests.byScope.request > 0) problems.push(ownFailures(given));
  problems.push(...gapProblems(given, maxNewConnectionGapMs));
  const drained = given.connections.closed.graceful;
  if (cut.length === 0 && drained < minDrained) {
    problems.push(
      `${plural(drained, "connection")} ended after a GOAWAY, at least ${minDrained} expected: nothing was seen to drain`,
    );
  }
  if (given.requests.ok === 0) problems.push("no request was answered");
  if (!given.coverage.complete) problems.push("the run was cut off: its end is not known");
  if (requireCoverage) problems.push(...given.coverage.insufficient);
  if (problems.length === 0) {
    return {
      ok: true,
      text: [`it drained cleanly: ${plural(drained, "connection")}`, ...describeCounts(given)].join("\n"),
    };
  }
  return { ok: false, text: report("the server did not drain cleanly:", problems, shown, given) };
}

/** Whether no connection failed: none was cut, no attempt failed, no GOAWAY left requests unserved. */
export function checkConnections(summary: Summary): Finding {
  const given = summaryOf(summary);
  const problems: string[] = [];
  if (given.incidents.length > 0) {
    problems.push(`${plural(given.incidents.length, "connection")} failed: ${countBy(given.incidents)}`);
  }
  if (given.connections.opened === 0) problems.push("no connection was opened");
  if (problems.length === 0) return { ok: true, text: ["no connection failed", ...describeCounts(given)].join("\n") };
  return { ok: false, text: report("connections failed:", problems, given.incidents, given) };
}

/** Whether there is an incident of this kind. */
export function checkIncident(summary: Summary, pattern: IncidentPattern): Finding {
  const given = summaryOf(summary);
  const found = given.incidents.filter((incident) => matches(incident, pattern));
  const wanted = JSON.stringify(pattern);
  if (found.length > 0) {
    return {
      ok: true,
      text: report(`there is an incident ${wanted}:`, [], found, given),
    };
  }
  const what =
    given.incidents.length === 0 ? "there was none at all" : `there were others: ${countBy(given.incidents)}`;
  return { ok: false, text: report(`there is no incident ${wanted}:`, [what], given.incidents, given) };
}

/** Worked once, and ended in a way that no client deserves. */
function isCut(incident: Incident): boolean {
  return incident.close !== null && !(incident.close === "graceful" && incident.type === "h2.goaway");
}

function matches(incident: Incident, { type, close, lane, path, minRequestsFailed = 0 }: IncidentPattern): boolean {
  return (
    (type === undefined || incident.type === type) &&
    (close === undefined || incident.close === close) &&
    (lane === undefined || incident.lane === lane) &&
    (path === undefined || incident.path === path) &&
    incident.requestsFailed >= minRequestsFailed
  );
}

function ownFailures({ requests }: Summary): string {
  const types = Object.entries(requests.byType).filter(([type]) => OWN_FAILURE.test(type));
  const words = types.map(([type, count]) => `${type} ${count}`).join(", ");
  return `${plural(requests.byScope.request, "request")} failed on a connection that was well: ${words}`;
}

function gapProblems({ paths }: Summary, maxMs: number | undefined): string[] {
  if (maxMs === undefined) return [];
  return paths.flatMap(({ path, newConnections: { attempted, failed, longestGapNs } }) => {
    if (attempted === 0) return [`path ${path}: no new connection was tried; add a fresh lane`];
    if (longestGapNs <= maxMs * 1e6) return [];
    return [
      `path ${path}: no new connection worked for ${duration(longestGapNs)}, at most ${maxMs} ms allowed ` +
        `(${failed} of ${attempted} attempts failed)`,
    ];
  });
}

function report(title: string, problems: readonly string[], incidents: readonly Incident[], summary: Summary): string {
  return [
    title,
    ...problems.map((problem) => `  - ${problem}`),
    "",
    ...describeIncidents(incidents),
    ...(incidents.length > 0 ? [""] : []),
    ...describeCounts(summary),
  ].join("\n");
}

/** From JavaScript anything may come, most often a promise that nobody awaited. */
function summaryOf(value: unknown): Summary {
  if (typeof value === "object" && value !== null && "schema" in value && value.schema === "drainprobe.summary/1") {
    return value as Summary;
  }
  const hint = value instanceof Promise ? "a promise: await it first" : typeof value;
  throw new DrainprobeError(
    "OPTIONS_INVALID",
    `a summary is needed, such as probe.stop() resolves to; this is ${hint}`,
  );
}
