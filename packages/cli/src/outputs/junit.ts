import type { PathSummary, Summary, ThresholdResult } from "@drainprobe/core";
import { verdictSentence } from "../report/verdict-line.js";
import { formatDuration, formatWall, plural } from "../text/format.js";
import { unverifiedWords } from "../text/unverified.js";
import { describeEnd } from "../text/words.js";
import { logName, type ReportedLog } from "./reported-log.js";

type Result = "pass" | "fail" | "inconclusive";

interface TestCase {
  readonly group: string;
  readonly name: string;
  readonly result: Result;
  /** Why, for people; also where it passed. */
  readonly why: string;
}

/**
 * JUnit's XML: a suite for each log, a case for each objective (of a rollout, or a threshold) and each path. What is inconclusive is
 * skipped with its reason: neither passed nor failed.
 */
export function junitXml(logs: readonly ReportedLog[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${logs.map(suite).join("")}</testsuites>\n`;
}

function suite(log: ReportedLog): string {
  const { summary, header } = log;
  const cases = [
    ...summary.thresholds.map((each) => threshold(each, summary)),
    ...objectives(summary),
    ...paths(summary),
  ];
  const count = (result: Result): number => cases.filter((each) => each.result === result).length;
  const seconds = (summary.coverage.durationNs / 1e9).toFixed(3);
  const wall = formatWall(header?.reference.wall ?? null, 0);
  const timestamp = wall === null ? "" : ` timestamp="${wall.slice(0, 19)}"`;
  const attributes = `name="${xmlText(`drainprobe ${logName(log)}`)}" tests="${cases.length}" failures="${count("fail")}" errors="0" skipped="${count("inconclusive")}" time="${seconds}"${timestamp} hostname="${xmlText(logName(log))}"`;
  const unverified = unverifiedWords(summary);
  const said = `${summary.verdict}: ${verdictSentence(summary)}${unverified === null ? "" : ` WARNING: ${unverified}`}`;
  const body = cases.map((each) => testCase(each, seconds)).join("");
  return `  <testsuite ${attributes}>\n${body}    <system-out>${xmlText(said)}</system-out>\n  </testsuite>\n`;
}

function testCase({ group, name, result, why }: TestCase, seconds: string): string {
  const head = `    <testcase classname="drainprobe.${group}" name="${xmlText(name)}" time="${seconds}">`;
  const message = xmlText(why);
  const inside =
    result === "fail"
      ? `<failure message="${message}" type="drainprobe.${group}">${message}</failure>`
      : result === "inconclusive"
        ? `<skipped message="${message}"/>`
        : `<system-out>${message}</system-out>`;
  return `${head}\n      ${inside}\n    </testcase>\n`;
}

function threshold({ name, limit, seen, ok }: ThresholdResult, summary: Summary): TestCase {
  const show = (value: number): string => (name.endsWith("Ns") ? formatDuration(value) : String(value));
  const most = limit === null || !Number.isFinite(limit) ? "not checked" : `at most ${show(limit)}`;
  const why = `${show(seen)} seen, ${most}`;
  // What was within its limit while too little was looked at has not passed.
  const result = !ok ? "fail" : summary.verdict === "inconclusive" ? "inconclusive" : "pass";
  return {
    group: "threshold",
    name,
    result,
    why: result === "inconclusive" ? `${why}; ${insufficient(summary)}` : why,
  };
}

function objectives({ rollout }: Summary): TestCase[] {
  return (rollout?.objectives ?? []).map(({ name, text, result, why }) => ({
    group: "objective",
    name: `${name}: ${text}`,
    result,
    why,
  }));
}

function paths(summary: Summary): TestCase[] {
  return summary.paths.map((path) => {
    const why = pathWords(path, summary);
    const failed = path.requests.failed > 0 || path.newConnections.failed > 0 || incidentsOn(path, summary).length > 0;
    const result: Result =
      failed && summary.verdict === "fail" ? "fail" : summary.verdict === "inconclusive" ? "inconclusive" : "pass";
    return {
      group: "path",
      name: `path ${path.path}`,
      result,
      why: result === "inconclusive" ? `${why}; ${insufficient(summary)}` : why,
    };
  });
}

function insufficient({ coverage }: Summary): string {
  return coverage.insufficient[0] ?? "too little was seen to say";
}

function incidentsOn({ path }: PathSummary, { incidents }: Summary): Summary["incidents"] {
  return incidents.filter((incident) => incident.path === path);
}

function pathWords(path: PathSummary, summary: Summary): string {
  const { requests, newConnections } = path;
  const kinds = new Map<string, number>();
  for (const { type, close } of incidentsOn(path, summary)) {
    const words = describeEnd(type, close);
    kinds.set(words, (kinds.get(words) ?? 0) + 1);
  }
  const incidents = [...kinds].map(([words, times]) => `${times}x ${words}`);
  return [
    `${plural(requests.total, "request")}, ${requests.failed} failed`,
    `${plural(newConnections.attempted, "new connection")} tried, ${newConnections.failed} failed`,
    ...(newConnections.longestGapNs > 0 ? [`none worked for ${formatDuration(newConnections.longestGapNs)}`] : []),
    ...incidents,
  ].join("; ");
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Characters that XML 1.0 does not know, and those that a terminal would obey, become a question mark. */
function xmlText(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\ufffe\uffff]/gu, "?")
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? "");
}
