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
    fits: fitWords(match) + (several ? `; on ${nodes.map(printable).join(", ")}` : ""),
  }));
}

function fitWords({ match, held, notObserved }: SignatureMatch): string {
  const seen = `seen: ${held.join("; ")}`;
  if (match === "full") return `Fits in full, ${seen}`;
  return `Fits in part, ${held.length} of ${held.length + notObserved.length} conditions, ${seen}; cannot be told from here: ${notObserved.join("; ")}`;
}
