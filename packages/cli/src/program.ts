import { Command, type CommanderError, type Option } from "commander";
import { declareFlags } from "./flags/command-line.js";
import { flagName } from "./flags/flag.js";
import { nearest } from "./flags/nearest.js";
import type { CliIo } from "./io.js";
import { oneLine } from "./one-line.js";
import { type CommandPage, EXIT_CODES, PAGES } from "./pages.js";
import { UsageError } from "./usage-error.js";
import { VERSION } from "./version.js";

export type Action = (command: Command, args: readonly string[]) => Promise<number>;

/** The whole command line. `actions` are called with the parsed command and give the exit code. */
export function buildProgram(
  io: CliIo,
  actions: Readonly<Record<string, Action>>,
  done: (code: number) => void,
): Command {
  const program = new Command("drainprobe")
    .description(
      "A witness for rollouts behind a load balancer: says which failures were a connection's and which a request's, and on what evidence.",
    )
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "show this help; drainprobe help COMMAND shows a command's")
    .helpCommand("help [command]", "show a command's help")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: () => undefined,
      getOutHelpWidth: () => helpWidth(io.stdout.columns),
      getErrHelpWidth: () => helpWidth(io.stderr.columns),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({ optionTerm: (option: Option) => option.flags.replace(/<([^<>]+)>/, "$1"), sortSubcommands: false })
    .addHelpText(
      "after",
      `\n${EXIT_CODES}\n\nData goes to stdout, messages and progress to stderr.\nTry: drainprobe run --target https://localhost:6443 --duration 10s`,
    );
  for (const page of PAGES) addCommand(program, page, actions[page.name], done);
  program.action((_, command: Command) => {
    const [word] = command.args;
    if (word !== undefined) {
      const near = nearest(
        word,
        PAGES.map(({ name }) => name),
      );
      throw new UsageError(
        `unknown command "${word}": ${near === null ? `there is ${PAGES.map(({ name }) => name).join(", ")}` : `did you mean "${near}"?`}`,
      );
    }
    program.outputHelp({ error: true });
    done(2);
  });
  program.allowExcessArguments();
  return program;
}

function addCommand(
  program: Command,
  page: CommandPage,
  action: Action | undefined,
  done: (code: number) => void,
): void {
  const command = program
    .command(page.name)
    .summary(page.summary)
    .description(page.description)
    .helpOption("-h, --help", "show this help");
  if (page.argument !== undefined) command.argument(page.argument.usage, page.argument.help);
  declareFlags(command, page.flags);
  command.addHelpText("after", afterHelp(page));
  command.action(async () => done(action === undefined ? 2 : await action(command, command.args)));
}

function afterHelp({ examples, notes }: CommandPage): string {
  const shown = examples.map(({ line, what }) => `  # ${what}\n  ${line}`).join("\n");
  return `\n${notes === undefined ? "" : `${notes}\n\n`}Examples:\n${shown}\n\n${EXIT_CODES}`;
}

function helpWidth(columns: number | undefined): number {
  return Math.min(110, Math.max(72, columns ?? 80));
}

/** Commander's complaint in one line of ours. */
export function usageErrorOf(error: CommanderError, argv: readonly string[]): UsageError {
  const page = PAGES.find(({ name }) => argv.includes(name));
  const text = oneLine(error.message.replace(/^error: /, ""));
  const unknown = /unknown option '(-[^']*)'/.exec(text)?.[1];
  if (error.code === "commander.unknownOption" && unknown !== undefined) {
    return new UsageError(`unknown flag ${unknown}: ${flagHint(unknown, page)}`);
  }
  if (error.code === "commander.excessArguments") {
    return new UsageError(
      `${page?.name ?? "drainprobe"} takes no argument but flags; is a --target missing in front of one?`,
    );
  }
  if (error.code === "commander.missingArgument") return new UsageError(page?.argument?.missing ?? text);
  if (error.code === "commander.optionMissingArgument") {
    const flag = /option '([^ ']+)/.exec(text)?.[1];
    return new UsageError(`${flag ?? "a flag"} wants a value`);
  }
  return new UsageError(text);
}

function flagHint(unknown: string, page: CommandPage | undefined): string {
  const own = knownFlags(page === undefined ? PAGES : [page]);
  const near = nearest(unknown.split("=", 1)[0] ?? "", own);
  if (near !== null) return `did you mean ${near}?`;
  const elsewhere = PAGES.find((other) => other !== page && knownFlags([other]).includes(unknown));
  if (elsewhere !== undefined) return `it belongs to drainprobe ${elsewhere.name}`;
  return `see drainprobe ${page?.name ?? ""} --help`.replace("  ", " ");
}

function knownFlags(pages: readonly CommandPage[]): string[] {
  return pages.flatMap((page) => Object.entries(page.flags).map(([name, flag]) => flagName(name, flag)));
}
