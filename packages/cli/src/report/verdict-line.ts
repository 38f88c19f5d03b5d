import type { Summary } from "@drainprobe/core";
import { formatCount, formatDuration, plural } from "../text/format.js";
import { printable } from "../text/printable.js";
import { describeType } from "../text/words.js";
import { incidentCount } from "./incident-count.js";

/** The result for somebody who reads nothing else: what was missed and by how much, then what was lost. */
export function verdictSentence(summary: Summary): string {
  return verdictSentences(summary).join(" ");
}

/** The same, sentence by sentence: one for each objective or threshold that was missed, and one of what was lost. */
export function verdictSentences(summary: Summary): readonly [string, ...string[]] {
  switch (summary.verdict) {
    case "pass":
      return incidentCount(summary) > 0 || summary.requests.byScope.request > 0
        ? [`within the thresholds: ${whatFailed(summary)}.`]
        : [`nothing failed: ${answered(summary)}.`];
    case "fail":
      return whyItFails(summary);
    case "inconclusive":
      return [
        `too little was seen to say: ${printable(summary.coverage.insufficient[0] ?? "no reason was recorded")}.`,
      ];
  }
}

/** What was lost, without the objectives: for where those are told already. */
export function lossSentence(summary: Summary): string {
  const sentences = verdictSentences(summary);
  return sentences.at(-1) ?? "";
}

function answered({ requests, connections, coverage }: Summary): string {
  const lost = requests.abandoned > 0 ? `, ${formatCount(requests.abandoned)} still open at the end` : "";
  return `${plural(requests.ok, "request")} answered${lost}, on ${plural(connections.opened, "connection")}, in ${formatDuration(coverage.durationNs)}`;
}

function whyItFails(summary: Summary): readonly [string, ...string[]] {
  const { connections } = summary;
  if (connections.opened === 0 && connections.failed > 0) {
    const attempts = plural(connections.failed, "attempt");
    return [`nothing could be reached: ${attempts} to connect, none worked (${commonTypes(summary)}).`];
  }
  const failed = whatFailed(summary);
  const missed = [...missedObjectives(summary), ...missedThresholds(summary)];
  const [first, ...rest] = failed === "" ? missed : [...missed, failed];
  if (first !== undefined) return [`${first}.`, ...rest.map((text) => `${text}.`)];
  const gap = longestGap(summary);
  return [gap === 0 ? "a threshold was exceeded." : `for ${formatDuration(gap)} no new connection worked.`];
}

function missedObjectives({ rollout }: Summary): string[] {
  return (rollout?.objectives ?? [])
    .filter(({ result }) => result === "fail")
    .map(({ text, why }) => `not met: ${printable(text)}: ${printable(why)}`);
}

const OVER: Readonly<Record<string, string>> = {
  maxConnectionFailures: "connections failed",
  maxRequestFailures: "requests failed on connections that were well",
  maxUnsafe: "lost writes were unsafe to retry",
  maxNewConnectionGapNs: "no new connection worked for",
};

/** Those that allow something. Where nothing is allowed, what was lost says it all. */
function missedThresholds({ thresholds }: Summary): string[] {
  return thresholds.flatMap(({ name, limit, seen, ok }) => {
    if (ok || limit === null || limit <= 0) return [];
    const isTime = name.endsWith("Ns");
    const show = (value: number): string => (isTime ? formatDuration(value) : formatCount(value));
    const words = (Object.hasOwn(OVER, name) ? OVER[name] : undefined) ?? printable(name);
    const what = isTime ? `${words} ${show(seen)}` : `${show(seen)} ${words}`;
    return [`over its threshold: ${what}, at most ${show(limit)} allowed`];
  });
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
