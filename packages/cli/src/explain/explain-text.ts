import type {
  ExplainedAttempts,
  ExplainedConnection,
  ExplainedMarker,
  ExplainedRequests,
  Explanation,
  Finding,
  InputPart,
  SignatureMatch,
} from "@drainprobe/core";
import { signatureLines } from "../outputs/signature-lines.js";
import type { ReportStyle } from "../report/report-input.js";
import { formatCount, formatDuration, plural } from "../text/format.js";
import { field, wrap } from "../text/layout.js";
import { printable, printableCut } from "../text/printable.js";
import { describeProcessed, describeType } from "../text/words.js";
import { lineWords } from "./line-words.js";

const SHOWN = 40;
const MS = 1e6;

/** The whole explanation for people: what it comes to, what happened when, what follows, what cannot be told. */
export function explainText(explanation: Explanation, matches: readonly SignatureMatch[], style: ReportStyle): string {
  const { palette } = style;
  return `${[
    ...headLines(explanation, style),
    "",
    ...timeline(explanation, style),
    ...listed("What follows", explanation.findings, explanation, style, palette.bold),
    ...signatureLines(
      matches.map((match) => ({ match, nodes: [] })),
      { anyFailure: explanation.lines.failures > 0 },
      style,
    ),
    ...listed("What these texts cannot tell", explanation.limits, explanation, style, palette.dim),
    palette.bold("Input"),
    ...inputLines(explanation, style),
  ].join("\n")}\n`;
}

function headLines(explanation: Explanation, { width, palette }: ReportStyle): string[] {
  const { connections, attempts, requests, lines } = explanation;
  if (lines.parsed === 0) return [palette.yellow("No log line was recognised: there is nothing to explain.")];
  if (lines.failures === 0) return [`No failure of a connection or a request in ${plural(lines.parsed, "log line")}.`];
  const known = connections.filter(({ grouping }) => grouping === "address").length;
  const bursts = connections.length - known;
  const unsafe = [...connections, ...requests].reduce((sum, { unsafeToRetry }) => sum + unsafeToRetry, 0);
  const parts = [
    known > 0 ? plural(known, "lost connection") : "",
    bursts > 0 ? `${plural(bursts, "burst")} without an address` : "",
    attempts.length > 0
      ? `${plural(
          attempts.reduce((sum, { failures }) => sum + failures, 0),
          "failed attempt",
        )} to connect`
      : "",
    requests.length > 0
      ? `${plural(
          requests.reduce((sum, { failures }) => sum + failures, 0),
          "request",
        )} failed on their own`
      : "",
  ].filter((part) => part !== "");
  const text = `${parts.join(", ")}, told by ${plural(lines.failures, "line")}; ${unsafe === 0 ? "no lost write" : `${plural(unsafe, "lost write")} UNSAFE to retry`}.`;
  return wrap(text, width).map((line) => (unsafe > 0 ? palette.red(line) : line));
}

interface Entry {
  readonly at: string;
  readonly lines: readonly string[];
}

/** Failures and markers of each part, in the order of their times. */
function timeline(explanation: Explanation, style: ReportStyle): string[] {
  const { parts } = explanation;
  return parts.flatMap((part, index) => {
    const own = <T extends { readonly part: number }>(all: readonly T[]): readonly T[] =>
      all.filter((each) => each.part === index);
    const entries: Entry[] = [
      ...own(explanation.connections).map((each) => connectionEntry(each, explanation, style)),
      ...own(explanation.attempts).map((each) => attemptEntry(each, explanation, style)),
      ...own(explanation.requests).map((each) => requestEntry(each, explanation, style)),
      ...own(explanation.markers).map((each) => markerEntry(each, style)),
    ].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
    if (entries.length === 0) return [];
    const more = entries.length - SHOWN;
    return [
      style.palette.bold(`${partTitle(part)}, ${entries[0]?.at.slice(0, 10) ?? ""}`),
      ...entries.slice(0, SHOWN).flatMap(({ lines }) => lines),
      ...(more > 0 ? [`  and ${plural(more, "more entry", "more entries")} (--json has them)`] : []),
      "",
    ];
  });
}

function partTitle({ headings, file, firstLine }: InputPart): string {
  const name = headings.length === 0 ? (file ?? "") : headings.slice(-3).join(" / ");
  const title = name === "-" || name === "" ? "stdin" : name;
  return `${printable(title)}${headings.length === 0 ? "" : `, from line ${firstLine}`}`;
}

function connectionEntry(connection: ExplainedConnection, explanation: Explanation, style: ReportStyle): Entry {
  const { palette, width } = style;
  const { local, remote, hairpin, failures, unsafeToRetry, byVerb, goaways, hosts } = connection;
  const what = types(connection.byType);
  const who =
    local === null || remote === null
      ? `no address in the text${hosts.length === 0 ? "" : `; asked ${hosts.map((host) => printableCut(host, 80)).join(", ")}`}`
      : `${printable(local)} -> ${printable(remote)}${hairpin === true ? `  ${palette.yellow("HAIRPIN: local IP = remote IP")}` : ""}`;
  const safe = unsafeToRetry === 0 ? "none unsafe to retry" : palette.red(`${unsafeToRetry} UNSAFE to retry`);
  return {
    at: connection.firstAt,
    lines: [
      `  ${clock(connection.firstAt)}  ${palette.bold(palette.red(what))}`,
      `${INDENT}${who}`,
      `${INDENT}${plural(failures, "line")}${spanWords(connection)}: ${counts(byVerb)}; ${safe}`,
      ...goaways.flatMap(({ lastStreamId, errorCode, debug }) =>
        field(
          "",
          `GOAWAY ${printable(errorCode ?? "without a code")}, last stream ${lastStreamId ?? "not told"}, ${debug === "" ? "no debug data" : `debug "${printableCut(debug, 120)}"`}`,
          INDENT.length,
          0,
          width,
        ),
      ),
      `${INDENT}${palette.dim(lineWords(connection.evidence, explanation))}`,
    ],
  };
}

const INDENT = " ".repeat(19);

function attemptEntry(attempts: ExplainedAttempts, explanation: Explanation, { palette }: ReportStyle): Entry {
  const { remote, type, failures, firstAt } = attempts;
  return {
    at: firstAt,
    lines: [
      `  ${clock(firstAt)}  ${palette.bold(palette.red(`could not connect: ${describeType(type)}`))} (${printable(type)})`,
      `${INDENT}to ${remote === null ? "an address that is not told" : printableCut(remote, 120)}, ${plural(failures, "attempt")}${spanWords(attempts)}`,
      `${INDENT}${palette.dim(lineWords(attempts.evidence, explanation))}`,
    ],
  };
}

function requestEntry(requests: ExplainedRequests, explanation: Explanation, { palette }: ReportStyle): Entry {
  const { type, verb, processed, failures, unsafeToRetry, firstAt } = requests;
  return {
    at: firstAt,
    lines: [
      `  ${clock(firstAt)}  ${palette.bold(palette.yellow(describeType(type)))} (${printable(type)})`,
      `${INDENT}${printable(verb)}, ${plural(failures, "line")}${spanWords(requests)}; ${describeProcessed(processed)}${unsafeToRetry > 0 ? palette.red(", UNSAFE to retry") : ""}`,
      `${INDENT}${palette.dim(lineWords(requests.evidence, explanation))}`,
    ],
  };
}

function markerEntry({ at, reason, pod, lagAfterFailureMs, told }: ExplainedMarker, { palette }: ReportStyle): Entry {
  const lag =
    told === "signal" || lagAfterFailureMs === null
      ? ""
      : palette.yellow(`, ${formatDuration(lagAfterFailureMs * MS)} AFTER the first failure`);
  const who = told === "signal" ? "said by the API server" : pod === null ? "" : printableCut(pod, 120);
  return {
    at,
    lines: [`  ${clock(at)}  ${palette.cyan(printable(reason))}${lag}`, ...(who === "" ? [] : [`${INDENT}${who}`])],
  };
}

/** `13:28:50.763229`: the date stands in the input's lines; a day's change is rare within a part. */
function clock(at: string): string {
  return at.slice(11, 26);
}

function spanWords({ firstAt, lastAt }: { readonly firstAt: string; readonly lastAt: string }): string {
  const ns = (microsOf(lastAt) - microsOf(firstAt)) * 1e3;
  return ns <= 0 ? "" : ` within ${formatDuration(ns)}`;
}

function microsOf(iso: string): number {
  return Date.parse(`${iso.slice(0, 23)}Z`) * 1e3 + Number(iso.slice(23, 26));
}

function types(byType: ExplainedConnection["byType"]): string {
  const all = Object.entries(byType);
  return all
    .map(([type, times]) => `${describeType(type)} (${printable(type)}${all.length > 1 ? ` ${times ?? 0}` : ""})`)
    .join(", ");
}

function counts(byVerb: Readonly<Record<string, number>>): string {
  return Object.entries(byVerb)
    .sort(([, a], [, b]) => b - a)
    .map(([verb, times]) => `${times} ${verb === "unknown" ? "without a verb" : printable(verb)}`)
    .join(", ");
}

function listed(
  title: string,
  findings: readonly Finding[],
  explanation: Explanation,
  { width, palette }: ReportStyle,
  paint: (text: string) => string,
): string[] {
  if (findings.length === 0) return [];
  return [
    palette.bold(title),
    ...findings.flatMap(({ id, text, evidence }) => [
      ...wrap(printable(text), width - 4).map((line, index) => `  ${index === 0 ? "-" : " "} ${line}`),
      `    ${paint(id)}${evidence.length === 0 ? "" : palette.dim(`, ${lineWords(evidence, explanation)}`)}`,
    ]),
    "",
  ];
}

function inputLines({ lines, markers, dating, drops }: Explanation, { width, palette }: ReportStyle): string[] {
  const { total, parsed, ignored, failures } = lines;
  const read = `${plural(total, "line")}: ${formatCount(parsed)} of a log (${formatCount(failures)} tell a failure, ${formatCount(markers.length)} a moment of a rollout), ${formatCount(ignored)} no log and left out.`;
  const dropped = Object.entries(drops).map(([what, times]) => `${printable(what)} ${formatCount(times)}`);
  return [
    ...wrap(read, width - 2).map((line) => `  ${line}`),
    ...wrap(datingWords(dating), width - 2).map((line) => `  ${line}`),
    ...(dropped.length === 0 ? [] : [palette.yellow(`  too much to keep: ${dropped.join(", ")}`)]),
  ];
}

function datingWords({ year, from, zoneTold }: Explanation["dating"]): string {
  const zone = zoneTold ? "" : " No line names a time zone: times are shown as they are written.";
  if (year === null) return `Every line names its year.${zone}`;
  const why = from === "option" ? "as --year says" : "the last one that fits; --year Y names another";
  return `klog writes no year: ${year}, ${why}.${zone}`;
}
