import { DrainprobeError } from "../../errors.js";

/** Where in a file something stands. `line` is `null` where the whole file is meant, `key` is empty at the top level. */
export interface Place {
  readonly file: string;
  readonly line: number | null;
  readonly key: string;
}

/** A value and where it stands. */
export interface Located<T> {
  readonly value: T;
  readonly place: Place;
}

/**
 * The error for a credential that cannot be used: one line with file, line, key, what is wrong and how to mend it.
 * `what` never quotes a value of the file. There is no `cause`: the texts of parsers quote what they could not parse.
 */
export function fault(place: Place, what: string, mend: string): DrainprobeError {
  return new DrainprobeError("CREDENTIALS_UNREADABLE", oneLine(`${shownPlace(place)}: ${what}; ${mend}`));
}

export function shownPlace({ file, line, key }: Place): string {
  return `${file}${line === null ? "" : `:${line}`}${key === "" ? "" : `: ${key}`}`;
}

/** A name out of a file, in an error text: quoted, short, without control characters. */
export function quoted(name: string): string {
  return `"${oneLine(name.length > 80 ? `${name.slice(0, 80)}…` : name)}"`;
}

/** Text that came from outside, fit for one line of a terminal. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
}
