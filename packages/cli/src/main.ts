import { DrainprobeError } from "@drainprobe/core";
import { CommanderError } from "commander";
import { benchCommand } from "./commands/bench.js";
import { cleanupCommand } from "./commands/cleanup.js";
import { explainCommand } from "./commands/explain.js";
import { labCommand } from "./commands/lab.js";
import { manifestsCommand } from "./commands/manifests.js";
import { reportCommand } from "./commands/report.js";
import { runCommand } from "./commands/run.js";
import { selftestCommand } from "./commands/selftest.js";
import { type CliIo, EXIT } from "./io.js";
import { oneLine } from "./one-line.js";
import { buildProgram, usageErrorOf } from "./program.js";
import { printable } from "./text/printable.js";
import { UsageError } from "./usage-error.js";

/**
 * The whole CLI. `argv` is what follows the program's name.
 *
 * Gives the exit code and never rejects: misuse and bugs are told in one line on stderr and give 2.
 */
export async function main(argv: readonly string[], io: CliIo): Promise<number> {
  let code: number = EXIT.pass;
  const actions = {
    run: (command, _args) => runCommand(command, io),
    report: (command, args) => reportCommand(command, args, io),
    explain: (command, args) => explainCommand(command, args, io),
    lab: (command, args) => labCommand(command, args, io),
    bench: (command, args) => benchCommand(command, args, io),
    cleanup: (command, _args) => cleanupCommand(command, io),
    selftest: (command, _args) => selftestCommand(command, io),
    manifests: (command, _args) => manifestsCommand(command, io),
  } satisfies Parameters<typeof buildProgram>[1];
  const unmute = ignoreBrokenPipes(io);
  try {
    await buildProgram(io, actions, (result) => {
      code = result;
    }).parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.pass;
    io.stderr.write(`drainprobe: ${inOneLine(error, argv)}\n`);
    return EXIT.misuse;
  } finally {
    unmute();
  }
}

/** Somebody who closes our stdout (`| head`) has read enough; that is not an error, and the verdict stands. */
function ignoreBrokenPipes({ stdout, stderr }: CliIo): () => void {
  const ignore = (error: unknown): void => {
    if (
      !(error instanceof Error) ||
      !("code" in error) ||
      (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED")
    )
      throw error;
  };
  stdout.on("error", ignore);
  stderr.on("error", ignore);
  return () => {
    // On a process's own streams a late EPIPE may still come, so they stay covered.
    if (stdout !== process.stdout) stdout.off("error", ignore);
    if (stderr !== process.stderr) stderr.off("error", ignore);
  };
}

function inOneLine(error: unknown, argv: readonly string[]): string {
  const known = error instanceof CommanderError ? usageErrorOf(error, argv) : error;
  const text = known instanceof Error ? known.message : String(known);
  const line = printable(oneLine(text));
  return known instanceof UsageError || (known instanceof DrainprobeError && known.code !== "BUG")
    ? line
    : `internal error, please report it: ${line}`;
}
