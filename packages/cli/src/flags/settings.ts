import { UsageError } from "../usage-error.js";
import type { Flag, FlagTable, Settings } from "./flag.js";
import { ParseProblem } from "./parse-problem.js";

/** A value as it was found, and where: `--rate`, or `probe.yaml:7 rate`. */
export interface Found {
  readonly where: string;
  readonly values: readonly unknown[];
}

/** What one source (the command line, a configuration file) said, by flag name in camel case. */
export type Source = ReadonlyMap<string, Found>;

/** Settings, and for each flag that somebody set, where. */
export interface Merged<F extends FlagTable> {
  readonly settings: Settings<F>;
  readonly origins: ReadonlyMap<keyof F & string, string>;
}

/** Merges sources, the first one winning, and fills in the defaults of the table. */
export function mergeSettings<const F extends FlagTable>(table: F, sources: readonly Source[]): Merged<F> {
  const settings: Record<string, unknown> = {};
  const origins = new Map<keyof F & string, string>();
  for (const [name, flag] of Object.entries(table)) {
    const found = sources.map((source) => source.get(name)).find((candidate) => candidate !== undefined);
    if (found !== undefined) origins.set(name, found.where);
    settings[name] = found === undefined ? defaultOf(flag) : chosenValue(flag, found);
  }
  // Each entry was made by its own flag's parser, which is what Settings<F> says.
  return { settings: settings as Settings<F>, origins };
}

function defaultOf(flag: Flag): unknown {
  switch (flag.kind) {
    case "switch":
      return flag.fallback;
    case "list":
      return [];
    case "value":
      return flag.fallback === null ? undefined : flag.parse(flag.fallback);
  }
}

function chosenValue(flag: Flag, found: Found): unknown {
  return flag.kind === "list" ? found.values : found.values.at(-1);
}

/** Parses one text with its flag, and says where it stood when it is nonsense. */
export function parseAt<T>(parse: (text: string) => T, text: string, where: string): T {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof ParseProblem) throw new UsageError(`${where} ${quoted(text)}: ${error.message}`);
    throw error;
  }
}

/** A URL may hold a password, so nothing that looks like one is repeated. */
function quoted(text: string): string {
  if (/:\/\/[^/]*@/.test(text)) return "(a URL with credentials)";
  const line = JSON.stringify(text);
  return line.length > 60 ? `${line.slice(0, 56)}…"` : line;
}
