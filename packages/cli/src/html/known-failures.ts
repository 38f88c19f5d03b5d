import type { SignatureMatch } from "@drainprobe/core";
import type { KnownFailure } from "../report/known-failures.js";
import { printable } from "../text/printable.js";
import type { MatchData } from "./page/data.js";

/** Signatures of the catalogue that fit, in words; of several logs those are named whose failures fit it. */
export function matchData(known: readonly KnownFailure[], several: boolean): MatchData[] {
  return known.map(({ match, nodes }) => ({
    title: match.title,
    cause: match.cause,
    fix: match.fix,
    reference: match.references.join("; "),
    how: howWords(match),
    fits: fitWords(match) + (several ? `; on ${nodes.map(printable).join(", ")}` : ""),
    harmless: match.harmless,
  }));
}

function howWords({ match, held, notObserved }: SignatureMatch): string {
  return match === "full"
    ? "fits in full"
    : `fits in part, ${held.length} of ${held.length + notObserved.length} conditions`;
}

function fitWords({ held, notObserved }: SignatureMatch): string {
  const untold = notObserved.length === 0 ? "" : `; cannot be told from here: ${notObserved.join("; ")}`;
  return `Seen: ${held.join("; ")}${untold}`;
}
