import { basename } from "node:path";
import { type Merged, mergeNodes, type NodeView } from "@drainprobe/core/merge";
import type { Command } from "commander";
import { exitCodeOf, worstExitCode } from "../exit-code.js";
import { commandLineSource } from "../flags/command-line.js";
import { REPORT_FLAGS } from "../flags/report-flags.js";
import { mergeSettings } from "../flags/settings.js";
import { thresholds } from "../flags/threshold-flags.js";
import { LogPage } from "../html/log-page.js";
import { writeHtml } from "../html/write-html.js";
import { type CliIo, EXIT, print } from "../io.js";
import { TraceFile } from "../outputs/chrome-trace.js";
import { signatureLines } from "../outputs/signature-lines.js";
import { writeOutputs } from "../outputs/write-outputs.js";
import { allNodesLines } from "../report/all-nodes.js";
import { knownFailures } from "../report/known-failures.js";
import { mergedLines } from "../report/merged.js";
import { mergedJson } from "../report/merged-json.js";
import { type LogReaders, type ReadLog, readLog } from "../report/read-log.js";
import { reportWidth } from "../report/report-input.js";
import { anyFailure, textReport } from "../report/text-report.js";
import { ViewReader } from "../report/view-reader.js";
import { paletteFor } from "../text/colour.js";
import { jsonText } from "../text/json.js";
import { printable } from "../text/printable.js";
import { UsageError } from "../usage-error.js";

/** One log, folded, with what read along. */
interface Reported {
  readonly file: string;
  readonly log: ReadLog;
  readonly view: NodeView;
  readonly page: LogPage | null;
}

/** `drainprobe report FILE…`: each log on its own, then all together; the exit code is the worst of them. */
export async function reportCommand(command: Command, files: readonly string[], io: CliIo): Promise<number> {
  const { settings } = mergeSettings(REPORT_FLAGS, [commandLineSource(command, REPORT_FLAGS)]);
  if (files.filter((file) => file === "-").length > 1) throw new UsageError("stdin (-) can be read only once");
  const read: Reported[] = [];
  const codes: number[] = [];
  const trace = settings.chromeTrace === undefined ? null : new TraceFile(settings.chromeTrace);
  for (const file of files) {
    const view = new ViewReader();
    const traced = trace?.log(nameOf(file)) ?? null;
    const page = settings.html === undefined ? null : new LogPage();
    try {
      const log = await readLog(file, io.stdin, thresholds(settings), together([view, page, traced]));
      for (const problem of log.problems) io.stderr.write(`drainprobe: ${nameOf(file)}: ${printable(problem)}\n`);
      read.push({ file, log, view: view.view(log.summary), page });
      traced?.finish(log.summary);
      codes.push(exitCodeOf(log.summary));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      io.stderr.write(`drainprobe: ${printable(error.message)}\n`);
      codes.push(EXIT.misuse);
    }
  }
  trace?.close();
  const reported = namedApart(read);
  const merged = mergeNodes(
    reported.map(({ view }) => view),
    { clockSkewNs: settings.clockSkew },
  );
  if (settings.html !== undefined && reported.length > 0) {
    const logs = reported.flatMap(({ file, log, view, page }) =>
      page === null ? [] : [{ file, ...log, view, lifelines: page.lifelines }],
    );
    writeHtml(settings.html, logs, merged);
    io.stderr.write(`drainprobe: wrote ${printable(settings.html)}\n`);
  }
  writeOutputs(
    settings,
    reported.map(({ file, log }) => ({ file, ...log })),
  );
  await print(
    io.stdout,
    settings.json ? asJson(reported, merged, files.length > 1) : asText(reported, merged, files.length > 1, io),
  );
  return worstExitCode(codes);
}

/** Logs of which several call their node alike (probes in one host's namespaces, say) are told apart by their files' names. */
function namedApart(reported: readonly Reported[]): readonly Reported[] {
  const nodes = reported.map(({ view }) => view.node);
  const again = nodes.filter((node, index) => nodes.indexOf(node) !== index);
  return reported.map((each) =>
    again.includes(each.view.node)
      ? { ...each, view: { ...each.view, node: basename(each.file).replace(/\.jsonl(\.gz)?$/, "") } }
      : each,
  );
}

/** Several that read along, as one. */
function together(all: readonly (Required<LogReaders> | null)[]): LogReaders {
  const readers = all.filter((reader) => reader !== null);
  return {
    onRecord: (record) => {
      for (const reader of readers) reader.onRecord(record);
    },
    onVerdict: (verdict) => {
      for (const reader of readers) reader.onVerdict(verdict);
    },
  };
}

function asJson(reported: readonly Reported[], merged: Merged, several: boolean): string {
  const [first] = reported;
  if (first === undefined) return "";
  const value = several
    ? {
        schema: "drainprobe.report/1",
        logs: reported.map(({ file, log }) => ({ file, summary: log.summary })),
        merged: mergedJson(merged, reported),
      }
    : first.log.summary;
  return `${jsonText(value, 2)}\n`;
}

function asText(reported: readonly Reported[], merged: Merged, several: boolean, io: CliIo): string {
  const palette = paletteFor(io.stdout, io.env);
  const style = { width: reportWidth(io.stdout), palette };
  const logs = reported.map(({ log, view }) => ({ summary: log.summary, view }));
  const who = mergedLines(merged, reported.length > 1, style);
  const known = knownFailures(logs, merged);
  if (!several) return reported.map(({ log }) => textReport(log, style, { who, known })).join("\n");
  // Of many nodes, what they say together is the answer, and each of them the evidence: it comes first.
  const failed = logs.some(({ summary }) => anyFailure(summary));
  const first = [
    ...allNodesLines(logs, style),
    "",
    ...who,
    ...signatureLines(known, { anyFailure: failed, several: true }, style),
  ];
  const texts = reported.map(
    ({ file, log }) => `${palette.bold(`== ${headingOf(file, log)} ==`)}\n\n${textReport(log, style, { known: null })}`,
  );
  return [`${first.join("\n").trimEnd()}\n`, ...texts].join("\n");
}

function headingOf(file: string, { header }: ReadLog): string {
  return header === null ? nameOf(file) : `${nameOf(file)} (${printable(header.node)})`;
}

function nameOf(file: string): string {
  return file === "-" ? "stdin" : printable(file);
}
