import type { Coverage, LaneCoverage, PathSummary, Summary } from "@drainprobe/core";
import { formatCount, formatDuration, plural } from "../text/format.js";
import { table, wrap } from "../text/layout.js";
import { printable } from "../text/printable.js";
import { unverifiedWords } from "../text/unverified.js";
import type { ReportStyle } from "./report-input.js";

/** What was looked at, and how small an outage could have slipped through. */
export function coverageLines(summary: Summary, { width, palette }: ReportStyle): string[] {
  const { coverage } = summary;
  const unverified = unverifiedWords(summary);
  const warn = (text: string): string[] => wrap(text, width - 2).map((line) => `  ${palette.yellow(line)}`);
  const plain = (text: string): string[] => wrap(text, width - 2).map((line) => `  ${line}`);
  return [
    ...table([HEAD, ...coverage.lanes.map(laneRow)], "llrrrrr", 2),
    ...plain(
      "outage: the shortest one that this lane would have met, with 95 % probability; blind: the longest time it looked at nothing; late: our own delay, 99th percentile",
    ),
    "",
    ...summary.paths.flatMap((path) => plain(newConnectionWords(path))),
    ...plain(stallWords(coverage)),
    ...(coverage.paced === undefined ? [] : plain(pacedWords(coverage.paced))),
    ...(summary.selfTest.passed === true ? plain : warn)(selfTestWords(summary)),
    ...(coverage.complete ? [] : warn("the log has no end: the run was cut off, and what came after is unknown")),
    ...(unverified === null ? [] : warn(`WARNING: ${unverified}`)),
    ...dropWords(summary.drops).flatMap(warn),
    ...coverage.insufficient.flatMap((reason) => warn(`not enough: ${printable(reason)}`)),
  ];
}

const HEAD = ["path", "lane", "sent", "missed", "outage", "blind", "late"] as const;

function laneRow(lane: LaneCoverage): string[] {
  return [
    printable(lane.path),
    printable(lane.lane),
    formatCount(lane.sent),
    lane.lost === null ? "?" : formatCount(lane.lost),
    durationOr(lane.smallestOutageNs),
    durationOr(lane.longestBlindGapNs),
    durationOr(lane.latenessNs?.p99 ?? null),
  ];
}

function durationOr(ns: number | null): string {
  return ns === null ? "-" : formatDuration(ns);
}

function newConnectionWords({ path, newConnections, hairpin }: PathSummary): string {
  const { attempted, failed, longestGapNs } = newConnections;
  const gap = longestGapNs > 0 ? `, none worked for ${formatDuration(longestGapNs)}` : "";
  const loops = hairpin > 0 ? `; ${formatCount(hairpin)} with local IP = remote IP` : "";
  return `path ${printable(path)}: ${plural(attempted, "new connection")} tried, ${formatCount(failed)} failed${gap}${loops}`;
}

function stallWords({ stalls, worstUncertaintyNs }: Coverage): string {
  const own =
    stalls.count === 0
      ? "this process never stalled"
      : `this process stalled ${plural(stalls.count, "time")}, ${formatDuration(stalls.longestNs)} at the longest, ${formatDuration(stalls.totalNs)} in all`;
  return `${own}; every verdict is dated to within ${formatDuration(worstUncertaintyNs)}`;
}

function pacedWords({ sessions, longestNs }: NonNullable<Coverage["paced"]>): string {
  return `${plural(sessions, "lost session")} reopened later than possible to spare the target, by ${formatDuration(longestNs)} at the most: that part of their gaps is ours`;
}

function selfTestWords({ selfTest }: Summary): string {
  if (!selfTest.ran) return "self-test: not run, so the instrument was not proven";
  const took = selfTest.durationNs === null ? "" : ` in ${formatDuration(selfTest.durationNs)}`;
  return selfTest.passed === false
    ? `self-test: FAILED, ${selfTest.failures.map(printable).join("; ")}`
    : `self-test: ${plural(selfTest.scenarios, "fault")} injected and named rightly${took}`;
}

function dropWords(drops: Summary["drops"]): string[] {
  const dropped = Object.entries(drops).filter(([, count]) => count > 0);
  if (dropped.length === 0) return [];
  return [
    `dropped for lack of room: ${dropped.map(([what, count]) => `${formatCount(count)} ${printable(what)}`).join(", ")}`,
  ];
}
