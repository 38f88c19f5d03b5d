import type { Summary } from "@drainprobe/core";
import { formatCount } from "./format.js";
import { printable } from "./printable.js";

const SHOWN = 8;

/** What every output says of a run that was told not to verify certificates; `null` where it did verify them. */
export function unverifiedWords({ coverage }: Summary): string | null {
  return coverage.unverified === undefined ? null : unverifiedOn(coverage.unverified);
}

/** The same, of paths that are about to be watched. */
export function unverifiedOn(paths: readonly string[]): string | null {
  if (paths.length === 0) return null;
  const more = paths.length > SHOWN ? ` and ${formatCount(paths.length - SHOWN)} more` : "";
  const names = paths.slice(0, SHOWN).map(printable).join(", ");
  return `certificates were not verified, as asked for, on ${names}${more}: this may not be the server you think`;
}
