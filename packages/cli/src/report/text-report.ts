import { type RunHeader, type Summary, signaturesOfRuns, type ThresholdResult } from "@drainprobe/core";
import { signatureLines } from "../outputs/signature-lines.js";
import { formatCount, formatDuration, formatWall, plural } from "../text/format.js";
import { field, table, wrap } from "../text/layout.js";
import { printable, printableCut } from "../text/printable.js";
import { describeProcessed, describeType } from "../text/words.js";
import { coverageLines } from "./coverage.js";
import { incidentCount } from "./incident-count.js";
import { incidentLines, type Places, seqWords, whenWords } from "./incidents.js";
import type { KnownFailure } from "./known-failures.js";
import type { ReportInput, ReportStyle } from "./report-input.js";
import type { RequestFailureGroup, RequestFailures } from "./request-failures.js";
import { rolloutLines } from "./rollout.js";
import { verdictSentences } from "./verdict-line.js";

/** What all paths and logs together say, for the report of one of them. */
export interface Together {
  /** Lines about who did it, after what happened. */
  readonly who?: readonly string[];
  /** What it looks like; by its summary alone if not given, and not told here if `null`. */
  readonly known?: readonly KnownFailure[] | null;
}

/** The whole report: verdict first, then what happened, then how well we looked. Ends with a newline. */
export function textReport(
  { summary, header, requestFailures }: ReportInput,
  style: ReportStyle,
  { who = [], known = byItself(summary) }: Together = {},
): string {
  const { palette } = style;
  const epochWall = header?.reference.wall ?? null;
  const failures = requestFailureLines(requestFailures, epochWall, style);
  const lines = [
    ...verdictLines(summary, style),
    ...runLines(summary, header, style),
    "",
    ...(summary.incidents.length === 0
      ? []
      : [
          ...wrap(`Connections that failed (${countWords(summary)})`, style.width).map(palette.bold),
          "",
          ...incidentLines(summary.incidents, epochWall, style, places(summary)),
        ]),
    ...(failures.length === 0
      ? []
      : [
          ...wrap(
            `Requests that failed by themselves, their connection being well (${formatCount(summary.requests.byScope.request)})`,
            style.width,
          ).map(palette.bold),
          "",
          ...failures,
        ]),
    ...who,
    ...rolloutLines(summary, epochWall, style),
    ...(known === null ? [] : signatureLines(known, { anyFailure: anyFailure(summary) }, style)),
    palette.bold("Counts"),
    ...countLines(summary, style),
    "",
    palette.bold("Thresholds"),
    ...thresholdLines(summary.thresholds, style),
    "",
    palette.bold("Coverage"),
    ...coverageLines(summary, style),
  ];
  return `${lines.join("\n")}\n`;
}

function byItself(summary: Summary): readonly KnownFailure[] {
  return signaturesOfRuns([{ summary }]).map((match) => ({ match, nodes: [] }));
}

/** Is there anything that one would look up? */
export function anyFailure(summary: Summary): boolean {
  return incidentCount(summary) > 0 || summary.requests.failed > 0;
}

function places({ rollout }: Summary): Places {
  return new Map((rollout?.incidents ?? []).map((placed) => [placed.conn, placed]));
}

function countWords(summary: Summary): string {
  const all = incidentCount(summary);
  const kept = summary.incidents.length;
  return all === kept
    ? `${formatCount(all)}${all > 1 ? ", the worst first" : ""}`
    : `${formatCount(all)}, of which the first ${formatCount(kept)} are told, the worst first`;
}

function verdictLines(summary: Summary, { width, palette }: ReportStyle): string[] {
  const word = summary.verdict.toUpperCase();
  const paint = { pass: palette.green, fail: palette.red, inconclusive: palette.yellow }[summary.verdict];
  const [head, ...others] = verdictSentences(summary);
  const [first = "", ...rest] = wrap(`${word}: ${head}`, width - 2);
  const more = others.flatMap((sentence) => wrap(sentence, width - 2));
  return [paint(palette.bold(word)) + first.slice(word.length), ...[...rest, ...more].map((line) => `  ${line}`)];
}

function runLines(summary: Summary, header: RunHeader | null, { width, palette }: ReportStyle): string[] {
  if (header === null) return [palette.dim("the log has no header: times are on the run's own clock only")];
  const start = formatWall(header.reference.wall, 0);
  const targets = pathsOf(header).map(([path, url]) => `${printable(path)} ${printable(url)}`);
  const what = `${targets.join(", ")}; from ${printable(header.node)}, ${start ?? "at an unknown time"}, for ${formatDuration(summary.coverage.durationNs)}`;
  return wrap(what, width).map((line) => palette.dim(line));
}

/** Each path with the origin it leads to: its lanes differ in what they ask for there. */
function pathsOf(header: RunHeader): readonly (readonly [string, string])[] {
  return [...new Map(header.lanes.map(({ path, url }) => [path, URL.canParse(url) ? new URL(url).origin : url]))];
}

function requestFailureLines(failures: RequestFailures, epochWall: string | null, style: ReportStyle): string[] {
  const lines = failures.groups().flatMap((group) => [...requestFailureGroup(group, epochWall, style), ""]);
  if (failures.ungrouped > 0)
    lines.push(`     and ${plural(failures.ungrouped, "more failure")} of other kinds (the log has them)`, "");
  return lines;
}

function requestFailureGroup(
  group: RequestFailureGroup,
  epochWall: string | null,
  { width, palette }: ReportStyle,
): string[] {
  const line = (label: string, text: string): string[] => field(label, text, 5, 9, width);
  const status = group.status === null ? "" : ` (status ${group.status})`;
  const outcome = describeProcessed(group.processed);
  return [
    `${`${formatCount(group.count)}x`.padStart(4)} ${palette.bold(palette.yellow(describeType(group.type) + status))}`,
    ...line("verdict", `${printable(group.type)}; ${outcome}`),
    ...line(
      "what",
      `${printable(group.method)} ${printableCut(group.url, 200)}, ${printable(group.lane)} lane, path ${printable(group.path)}`,
    ),
    ...line(group.count === 1 ? "when" : "first", whenWords(group.first, epochWall)),
    ...(group.count === 1
      ? []
      : line("last", whenWords({ t: group.last, u: group.first.u }, epochWall).replace(/, or at most [^)]+/, ""))),
    ...line("evidence", seqWords(group.first.evidence)),
  ];
}

function countLines({ requests, connections }: Summary, { width }: ReportStyle): string[] {
  const { byScope } = requests;
  const closed = Object.entries(connections.closed)
    .filter(([, count]) => count > 0)
    .map(([close, count]) => `${formatCount(count)} ${printable(close)}`);
  const failed =
    requests.failed === 0
      ? "0 failed"
      : `${formatCount(requests.failed)} failed (${formatCount(byScope.connection)} with their connection, ${formatCount(byScope.request)} by themselves)`;
  return [
    ...field(
      "requests",
      `${formatCount(requests.total)} in all: ${formatCount(requests.ok)} ok, ${failed}, ${formatCount(requests.abandoned)} given up by us`,
      2,
      13,
      width,
    ),
    ...field(
      "connections",
      `${formatCount(connections.opened)} opened, ${formatCount(connections.failed)} failed; ended: ${closed.join(", ") || "none"}`,
      2,
      13,
      width,
    ),
  ];
}

const THRESHOLD_WORDS: Readonly<Record<string, string>> = {
  maxConnectionFailures: "connection failures",
  maxRequestFailures: "request failures",
  maxUnsafe: "unsafe to retry",
  maxNewConnectionGapNs: "new-connection gap",
};

function thresholdLines(results: readonly ThresholdResult[], { palette }: ReportStyle): string[] {
  if (results.length === 0) return ["  none was set: nothing can fail this run"];
  const show = (name: string, value: number): string =>
    name.endsWith("Ns") ? formatDuration(value) : formatCount(value);
  const limitWords = (name: string, limit: number | null): string =>
    limit === null || limit === Number.POSITIVE_INFINITY ? "not checked" : `at most ${show(name, limit)}`;
  const rows = results.map(({ name, limit, seen, ok }) => [
    ok ? "ok" : "OVER",
    (Object.hasOwn(THRESHOLD_WORDS, name) ? THRESHOLD_WORDS[name] : undefined) ?? printable(name),
    show(name, seen),
    limitWords(name, limit),
  ]);
  return table(rows, "llrl", 2).map((line, index) => (results[index]?.ok === false ? palette.red(line) : line));
}
