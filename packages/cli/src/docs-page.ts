import { type Flag, flagDefault, flagUsage } from "./flags/flag.js";
import { type CommandPage, EXIT_CODES, PAGES } from "./pages.js";

/** `docs/cli.md`, whole. A test compares the file with this, so flags and page cannot drift apart. */
export function cliPage(): string {
  return [
    "# The command line",
    "",
    "<!-- Made from the flag tables in packages/cli/src/flags by packages/cli/src/docs-page.ts. -->",
    "",
    "Data goes to stdout, messages and progress to stderr. A reader of stdout that goes away (`| head`) is not an error.",
    "",
    "```",
    EXIT_CODES,
    "```",
    "",
    "A mistake in a flag or a setting is told in one line that says where it stands and how to mend it, with exit code 2.",
    "Colours follow the terminal; `NO_COLOR` switches them off and `FORCE_COLOR` on.",
    "",
    ...PAGES.flatMap(commandSection),
    ...CONFIG_SECTION,
  ].join("\n");
}

function commandSection(page: CommandPage): string[] {
  const argument = page.argument === undefined ? "" : ` ${page.argument.usage}`;
  const flags = Object.entries(page.flags);
  const groups = [...new Set(flags.map(([, flag]) => flag.group))];
  return [
    `## drainprobe ${page.name}${argument}`,
    "",
    page.description,
    ...(page.argument === undefined ? [] : ["", `\`${page.argument.usage}\`: ${page.argument.help}.`]),
    ...(page.notes === undefined ? [] : ["", page.notes.replace(/\n/g, " ")]),
    "",
    "```sh",
    ...page.examples.map(({ line, what }) => `${line}  # ${what}`),
    "```",
    "",
    ...groups.flatMap((group) => [
      `### ${group}`,
      "",
      ...flagTable(flags.filter(([, flag]) => flag.group === group)),
      "",
    ]),
  ];
}

function flagTable(flags: readonly (readonly [string, Flag])[]): string[] {
  return [
    "| flag | default | what it does |",
    "| --- | --- | --- |",
    ...flags.map(([name, flag]) => {
      const repeatable = flag.kind === "list" && !flag.help.includes("repeatable") ? "; repeatable" : "";
      return `| \`${cell(flagUsage(name, flag))}\` | ${cell(flagDefault(flag) ?? "")} | ${cell(flag.help)}${repeatable} |`;
    }),
  ];
}

function cell(text: string): string {
  return text.replace(/\|/g, "\\|");
}

const CONFIG_SECTION: readonly string[] = [
  "## A configuration file",
  "",
  "`drainprobe run --config FILE.yaml` takes every flag of `run` (`--config` apart) as a key: `request-timeout: 10s`;",
  "`requestTimeout` is the same key. Values are written as on the command line. A flag that may be repeated takes a list,",
  "a switch takes `true` or `false` (`self-test: false`), and file names are relative to the configuration's own folder.",
  "Flags win over the file; `--target` also replaces its `path`, and the other way round. An unknown key is refused.",
  "",
  "```yaml",
  "path:",
  "  vip: https://api-int.example.com:6443",
  "  peer-1: # the same service, one of its backends",
  "    url: https://api-int.example.com:6443",
  "    connect-to: 10.0.0.3:6443",
  "ca: ca.crt",
  "token-file: token",
  "request:",
  "  - GET /version",
  '  - POST /api/v1/items {"a":1}',
  "sessions: 4",
  "rate: 100",
  "fresh-h2: 5",
  "duration: 5m",
  "out: run.jsonl",
  "max-new-connection-gap: 1s",
  "```",
  "",
  "`path` is a list of `NAME=URL` or, as here, a mapping. A path of a mapping may have settings of its own: `connect-to`,",
  "`ca`, `cert`, `key`, `token-file`, `server-name`, `insecure-skip-tls-verify`.",
  "",
  "A request's body is everything after its path; it is sent as `application/json` where it begins with `{` or `[`, else",
  "as `text/plain`.",
  "",
];
