import { type Command, Option } from "commander";
import { UsageError } from "../usage-error.js";
import { type FlagTable, flagDefault, flagUsage, kebab } from "./flag.js";
import { type Found, parseAt, type Source } from "./settings.js";

/** Declares every flag of the table on the command; commander only collects the texts. */
export function declareFlags(command: Command, table: FlagTable): void {
  for (const [name, flag] of Object.entries(table)) {
    const fallback = flagDefault(flag);
    const help = fallback === null ? flag.help : `${flag.help} (default: ${fallback})`;
    const option = new Option(flagUsage(name, flag).replace(/ ([^-].*)$/, " <$1>"), help).helpGroup(`${flag.group}:`);
    if (flag.kind !== "switch") {
      // Commander takes every --no-… for the negation of another flag.
      option.negate = false;
      option.argParser((text: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), text]);
    }
    command.addOption(option);
  }
}

/** What the command line said, parsed. */
export function commandLineSource(command: Command, table: FlagTable): Source {
  const source = new Map<string, Found>();
  for (const [name, flag] of Object.entries(table)) {
    if (command.getOptionValueSource(name) !== "cli") continue;
    const given: unknown = command.getOptionValue(name);
    const where = `--${kebab(name)}`;
    if (flag.kind === "switch") {
      source.set(name, { where: given === false ? `--no-${kebab(name)}` : where, values: [given] });
      continue;
    }
    const texts = Array.isArray(given) ? given.map(String) : [];
    source.set(name, {
      where,
      values: texts.map((text) => {
        if (text.startsWith("--")) throw new UsageError(`${where} wants a value, but ${text} follows it`);
        return parseAt(flag.parse, text, where);
      }),
    });
  }
  return source;
}
