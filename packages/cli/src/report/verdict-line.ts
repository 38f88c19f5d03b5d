import type { Summary } from "@drainprobe/core";
import { formatCount, formatDuration, plural } from "../text/format.js";
import { printable } from "../text/printable.js";
import { describeType } from "../text/words.js";
import { incidentCount } from "./incident-count.js";

/** The result in one sentence for somebody who reads nothing else. */
export function verdictSentence(summary: Summary): string {
  switch (summary.verdict) {
    case "pass":
      return incidentCount(summary) > 0 || summary.requests.byScope.request > 0
        ? `within the thresholds: ${whatFailed(summary)}.`
        : `nothing failed: ${answered(summary)}.`;
    case "fail":
      return `${whyItFails(summary)}.`;
    case "inconclusive":
      return `too little was seen to say: ${printable(summary.coverage.insufficient[0] ?? "no reason was recorded")}.`;
  }
}

function answered({ requests, connections, coverage }: Summary): string {
  const lost = requests.abandoned > 0 ? `, ${formatCount(requests.abandoned)} still open at the end` : "";
  return `${plural(requests.ok, "request")} answered${lost}, on ${plural(connections.opened, "connection")}, in ${formatDuration(coverage.durationNs)}`;
}

function whyItFails(summary: Summary): string {
  const { connections } = summary;
  if (connections.opened === 0 && connections.failed > 0) {
    return `nothing could be reached: ${plural(connections.failed, "attempt")} to connect, none worked (${commonTypes(summary)})`;
  }
  const failed = whatFailed(summary);
  if (failed !== "") return failed;
  const missed = summary.rollout?.objectives.find(({ result }) => result === "fail");
  if (missed !== undefined) return `not so that ${printable(missed.text)}: ${printable(missed.why)}`;
  const gap = longestGap(summary);
  return gap === 0 ? "a threshold was exceeded" : `for ${formatDuration(gap)} no new connection worked`;
}

/** `2 connections failed and took 7 requests with them; 3 requests failed on connections that were well`. */
function whatFailed(summary: Summary): string {
  const { byScope, unsafeToRetry } = summary.requests;
  const parts = connectionWords(summary);
  if (byScope.request > 0) parts.push(`${plural(byScope.request, "request")} failed on connections that were well`);
  if (unsafeToRetry > 0) parts.push(`${plural(unsafeToRetry, "lost write")} unsafe to retry`);
  return parts.join("; ");
}

/** Connections that broke are told apart from attempts that never became one. */
function connectionWords(summary: Summary): string[] {
  const all = incidentCount(summary);
  if (all === 0) return [];
  const attempts = summary.incidents.filter(({ close }) => close === null);
  const broken = all - attempts.length;
  // Of incidents that are counted and not kept nobody knows which they were.
  if (attempts.length === 0 || all > summary.incidents.length) {
    return [`${plural(all, "connection")} failed and took ${casualtyWords(all, summary.requests.byScope.connection)}`];
  }
  const waiting = attempts.reduce((sum, { requestsFailed }) => sum + requestsFailed, 0);
  const lost = summary.incidents.reduce((sum, { requestsFailed }) => sum + requestsFailed, -waiting);
  return [
    ...(broken === 0 ? [] : [`${plural(broken, "connection")} failed and took ${casualtyWords(broken, lost)}`]),
    `${plural(attempts.length, "attempt")} to connect failed` +
      (waiting === 0 ? "" : ` with ${plural(waiting, "request")} waiting for ${attempts.length === 1 ? "it" : "them"}`),
  ];
}

function casualtyWords(connections: number, requests: number): string {
  return `${requests === 0 ? "no request" : plural(requests, "request")} with ${connections === 1 ? "it" : "them"}`;
}

function commonTypes({ connections }: Summary): string {
  const types = Object.entries(connections.byType).sort(([, a], [, b]) => (b ?? 0) - (a ?? 0));
  const [first] = types[0] ?? ["unknown"];
  return describeType(first) + (types.length > 1 ? ", and others" : "");
}

/** The longest time without a new connection on any path, ns. */
function longestGap({ paths }: Summary): number {
  return paths.reduce((longest, path) => Math.max(longest, path.newConnections.longestGapNs), 0);
}
