import { isIP } from "node:net";
import { ParseProblem } from "./parse-problem.js";

const UNIT_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};
const DURATION = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/;
const DURATION_PART = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/gy;
/** 104 days: what integer nanoseconds hold exactly. */
const LONGEST_NS = Number.MAX_SAFE_INTEGER;

export interface DurationRange {
  readonly minNs: number;
  readonly maxNs: number;
}

/** `250ms`, `10s`, `1m30s` as integer ns. A bare number is refused: it would be anyone's guess. */
export function duration(range: DurationRange): (text: string) => number {
  return (text) => {
    if (/^\d+(\.\d+)?$/.test(text)) {
      throw new ParseProblem(`a duration needs a unit: write ${text}s or ${text}ms`);
    }
    if (!DURATION.test(text)) throw new ParseProblem("not a duration: write it like 250ms, 10s or 1m30s");
    let total = 0;
    for (const [, number, unit] of text.matchAll(DURATION_PART)) total += Number(number) * (UNIT_NS[unit ?? ""] ?? 0);
    const ns = Math.round(total);
    if (ns < range.minNs) throw new ParseProblem(`too short: at least ${plainDuration(range.minNs)}`);
    if (ns > Math.min(range.maxNs, LONGEST_NS)) {
      throw new ParseProblem(`too long: at most ${plainDuration(Math.min(range.maxNs, LONGEST_NS))}`);
    }
    return ns;
  };
}

function plainDuration(ns: number): string {
  for (const [unit, size] of [
    ["h", 3600e9],
    ["m", 60e9],
    ["s", 1e9],
    ["ms", 1e6],
    ["us", 1e3],
  ] as const) {
    if (ns >= size) return `${Math.floor(ns / size)}${unit}`;
  }
  return `${ns}ns`;
}

const UNIT_BYTES: Readonly<Record<string, number>> = {
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** `500MB`, `2GiB` as bytes. */
export function bytes(min: number): (text: string) => number {
  return (text) => {
    const match = /^(\d+(?:\.\d+)?)(KB|MB|GB|KiB|MiB|GiB)$/.exec(text);
    if (match === null) throw new ParseProblem("not a size: write it like 500MB or 2GiB");
    const size = Math.floor(Number(match[1]) * (UNIT_BYTES[match[2] ?? ""] ?? 0));
    if (size < min) throw new ParseProblem(`too small: at least ${min / 1024 ** 2}MiB`);
    if (!Number.isSafeInteger(size)) throw new ParseProblem("too large");
    return size;
  };
}

/** A whole number from `min` to `max`. */
export function count(min: number, max: number): (text: string) => number {
  return (text) => {
    if (!/^[+-]?\d+$/.test(text)) throw new ParseProblem(`not a whole number: write one from ${min} to ${max}`);
    const value = Number(text);
    if (value < min || value > max) throw new ParseProblem(`out of range: from ${min} to ${max}`);
    return value;
  };
}

/** Operations per second: a decimal number from 0 (off) to `max`. */
export function rate(max: number): (text: string) => number {
  return (text) => {
    if (!/^\d+(\.\d+)?$/.test(text)) throw new ParseProblem("not a rate: write how many a second, such as 50 or 0.5");
    const value = Number(text);
    if (value > max) throw new ParseProblem(`out of range: at most ${max} a second`);
    if (value > 0 && value < 0.001) throw new ParseProblem("out of range: at least 0.001 a second, or 0 for none");
    return value;
  };
}

/** A limit, or `none` to switch the check off. */
export function orNone<T>(parse: (text: string) => T): (text: string) => T | "none" {
  return (text) => (text === "none" ? "none" : parse(text));
}

/** One of a closed list of words. */
export function oneOf<const W extends string>(words: readonly W[]): (text: string) => W {
  return (text) => {
    const word = words.find((known) => known === text);
    if (word === undefined) throw new ParseProblem(`not one of: ${words.join(", ")}`);
    return word;
  };
}

/** An IP address of this machine to listen on; never a name, so that nobody is surprised by what it resolves to. */
export function ipAddress(text: string): string {
  if (isIP(text) === 0) throw new ParseProblem("not an IP address: write one such as 127.0.0.1 or ::1");
  return text;
}

/** Any text, but not an empty one. */
export function text(what: string): (text: string) => string {
  return (given) => {
    if (given.trim() === "") throw new ParseProblem(`empty: give ${what}`);
    return given;
  };
}
