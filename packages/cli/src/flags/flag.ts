/** What every flag has: it is defined once, and flags, configuration keys, help and docs all come from that. */
interface FlagBase {
  readonly group: string;
  /** One sentence, lower case, no full stop. Units are named. */
  readonly help: string;
  /** A letter that does as well: `n` for `-n`. */
  readonly short?: string;
  /** The value names a file: in a configuration it is relative to the configuration's own folder. */
  readonly file?: true;
  /** Only on the command line: it makes no sense in a configuration file. */
  readonly commandLineOnly?: true;
}

/** `--name VALUE`; given twice, the last one counts. `fallback` is the default as one would type it. */
export interface ValueFlag<T, D extends string | null> extends FlagBase {
  readonly kind: "value";
  readonly placeholder: string;
  readonly parse: (text: string) => T;
  readonly fallback: D;
  /** Shown where there is no default. */
  readonly absent?: string;
}

/** `--name VALUE`, as often as one likes. */
export interface ListFlag<T> extends FlagBase {
  readonly kind: "list";
  readonly placeholder: string;
  readonly parse: (text: string) => T;
  readonly absent?: string;
}

/** `--name`, or `--no-name` where it is on by default. */
export interface SwitchFlag extends FlagBase {
  readonly kind: "switch";
  readonly fallback: boolean;
}

export type Flag = ValueFlag<unknown, string | null> | ListFlag<unknown> | SwitchFlag;

/** Flags by their name in camel case; on the command line and in a configuration it is in kebab case. */
export type FlagTable = Readonly<Record<string, Flag>>;

/** The value a flag has once everything is merged. */
export type FlagValue<F> = F extends SwitchFlag
  ? boolean
  : F extends ListFlag<infer T>
    ? readonly T[]
    : F extends ValueFlag<infer T, infer D>
      ? D extends string
        ? T
        : T | undefined
      : never;

export type Settings<F extends FlagTable> = { readonly [K in keyof F]: FlagValue<F[K]> };

/** `requestTimeout` → `request-timeout`. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `request-timeout` → `requestTimeout`. */
export function camel(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** `--rate`, `--json`, `--no-self-test`. */
export function flagName(name: string, flag: Flag): string {
  return flag.kind === "switch" && flag.fallback ? `--no-${kebab(name)}` : `--${kebab(name)}`;
}

/** `--rate R`, `--json`, `-n, --runs N`: how the flag is written. */
export function flagUsage(name: string, flag: Flag): string {
  const short = flag.short === undefined ? "" : `-${flag.short}, `;
  return `${short}${flagName(name, flag)}${flag.kind === "switch" ? "" : ` ${flag.placeholder}`}`;
}

/** The default in words, or `null` where saying it adds nothing. */
export function flagDefault(flag: Flag): string | null {
  if (flag.kind === "value") return flag.fallback ?? flag.absent ?? null;
  return flag.kind === "list" ? (flag.absent ?? null) : null;
}

/** Keeps the literal type of `fallback`, which tells whether the value can be missing. */
export function value<T, const D extends string | null>(flag: Omit<ValueFlag<T, D>, "kind">): ValueFlag<T, D> {
  return { kind: "value", ...flag };
}

export function list<T>(flag: Omit<ListFlag<T>, "kind">): ListFlag<T> {
  return { kind: "list", ...flag };
}

export function toggle(flag: Omit<SwitchFlag, "kind">): SwitchFlag {
  return { kind: "switch", ...flag };
}
