import { type SignatureMatch, signaturesOfSummary } from "@drainprobe/core";
import { printable } from "../text/printable.js";
import type { MatchData } from "./page/data.js";
import type { HtmlLog } from "./report-data.js";

/** Signatures of the catalogue that fit, each once; of several logs those are named whose failures fit it. */
export function knownFailures(logs: readonly HtmlLog[]): MatchData[] {
  const found = new Map<string, { match: SignatureMatch; nodes: string[] }>();
  for (const { summary, view } of logs) {
    for (const match of signaturesOfSummary(summary)) {
      const node = printable(view.node);
      const known = found.get(match.id);
      if (known === undefined) found.set(match.id, { match, nodes: [node] });
      else {
        known.nodes.push(node);
        if (match.match === "full") known.match = match;
      }
    }
  }
  return [...found.values()].map(({ match, nodes }) => ({
    title: match.title,
    cause: match.cause,
    fix: match.fix,
    reference: match.references.join("; "),
    fits: fitWords(match) + (logs.length > 1 ? `; on ${nodes.join(", ")}` : ""),
  }));
}

function fitWords({ match, held, notObserved }: SignatureMatch): string {
  const seen = `seen: ${held.join("; ")}`;
  if (match === "full") return `Fits in full, ${seen}`;
  return `Fits in part, ${held.length} of ${held.length + notObserved.length} conditions seen: ${seen}; cannot be told from here: ${notObserved.join("; ")}`;
}
