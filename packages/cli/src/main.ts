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
import { errorCode, fileProblem } from "./system-error.js";
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
  const output = watchOutput(io);
  try {
    await buildProgram(io, actions, (result) => {
      code = result;
    })
      .parseAsync([...argv], { from: "user" })
      .catch(unlessItHelped);
    const problem = await output.problem();
    if (problem === null) return code;
    io.stderr.write(`drainprobe: stdout: ${problem}; what was to be written there is not whole\n`);
    return EXIT.misuse;
  } catch (error) {
    io.stderr.write(`drainprobe: ${inOneLine(error, argv)}\n`);
    return EXIT.misuse;
  } finally {
    output.unwatch();
  }
}

/** `--help` and `--version` end the parser by an error of their own. */
function unlessItHelped(error: unknown): void {
  if (!(error instanceof CommanderError) || error.exitCode !== 0) throw error;
}

/** What became of what we wrote. */
interface Output {
  /** Why stdout does not hold all that was written to it, or `null`. */
  problem(): Promise<string | null>;
  unwatch(): void;
}

/**
 * Somebody who closes our stdout (`| head`) has read enough; that is not an error, and the verdict stands. A full disk below it is one, which is
 * told when the command has done its work. Nothing that stderr can meet (a full disk, a terminal that is gone) may end a run.
 */
function watchOutput({ stdout, stderr }: CliIo): Output {
  let problem: string | null = null;
  const onStdout = (error: unknown): void => {
    const code = errorCode(error);
    if (code !== "EPIPE" && code !== "ERR_STREAM_DESTROYED") problem ??= fileProblem(error);
  };
  const onStderr = (): void => {};
  stdout.on("error", onStdout);
  stderr.on("error", onStderr);
  return {
    async problem() {
      // A stream tells its error in a turn of its own.
      await new Promise((resolve) => setImmediate(resolve));
      return problem;
    },
    unwatch() {
      // On a process's own streams a late EPIPE may still come, so they stay covered.
      if (stdout !== process.stdout) stdout.off("error", onStdout);
      if (stderr !== process.stderr) stderr.off("error", onStderr);
    },
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
