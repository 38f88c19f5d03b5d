import { createExplainer, type Explainer, signaturesOfExplanation } from "@drainprobe/core";
import type { Command } from "commander";
import { explainText } from "../explain/explain-text.js";
import { readLines, writtenAtMs } from "../explain/read-lines.js";
import { commandLineSource } from "../flags/command-line.js";
import { EXPLAIN_FLAGS } from "../flags/explain-flags.js";
import { mergeSettings } from "../flags/settings.js";
import { type CliIo, EXIT, print } from "../io.js";
import { reportWidth } from "../report/report-input.js";
import { errorCode, fileProblem } from "../system-error.js";
import { paletteFor } from "../text/colour.js";
import { jsonText } from "../text/json.js";
import { printable } from "../text/printable.js";
import { UsageError } from "../usage-error.js";

/**
 * `drainprobe explain FILE…`: all files as one input. Exit code 0 when log lines were explained, whatever they tell: logs that
 * somebody chose are no measurement, so nothing is judged. 3 when not one line was a log's; 2 for a file that cannot be read.
 */
export async function explainCommand(command: Command, files: readonly string[], io: CliIo): Promise<number> {
  const { settings } = mergeSettings(EXPLAIN_FLAGS, [commandLineSource(command, EXPLAIN_FLAGS)]);
  if (files.filter((file) => file === "-").length > 1) throw new UsageError("stdin (-) can be read only once");
  const explainer = createExplainer({
    referenceMs: Date.now(),
    ...(settings.year === undefined ? {} : { year: settings.year }),
  });
  let unread = 0;
  for (const file of files) {
    const problem = await readFile(file, explainer, io);
    if (problem === null) continue;
    unread += 1;
    io.stderr.write(`drainprobe: ${printable(file === "-" ? "stdin" : file)}: ${printable(problem)}\n`);
  }
  const explanation = explainer.finish();
  if (unread === files.length && explanation.lines.total === 0) return EXIT.misuse;
  const style = { width: reportWidth(io.stdout), palette: paletteFor(io.stdout, io.env) };
  const signatures = signaturesOfExplanation(explanation);
  const text = settings.json
    ? `${jsonText({ ...explanation, signatures }, 2)}\n`
    : explainText(explanation, signatures, style);
  await print(io.stdout, text);
  if (unread > 0) return EXIT.misuse;
  return explanation.lines.parsed === 0 ? EXIT.inconclusive : EXIT.pass;
}

/** `null`, or why the file could not be read to its end. What came before the trouble is explained. */
async function readFile(file: string, explainer: Explainer, io: CliIo): Promise<string | null> {
  try {
    const writtenMs = await writtenAtMs(file);
    if (writtenMs === null) explainer.startFile(file);
    else explainer.startFile(file, writtenMs);
    for await (const line of readLines(file, io.stdin)) explainer.push(line);
    return null;
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return fileProblem(error);
  }
}
