import { type SignatureMatch, type Summary, signaturesOfSummary } from "@drainprobe/core";
import { type Merged, type NodeView, stayedOnHost } from "@drainprobe/core/merge";

/** A signature of the catalogue that fits, and the nodes whose failures fit it. */
export interface KnownFailure {
  readonly match: SignatureMatch;
  readonly nodes: readonly string[];
}

/** What fits any of the logs, each once, the best first: what fits best, then what fits on most nodes; what is harmless last. */
export function knownFailures(
  logs: readonly { readonly summary: Summary; readonly view: NodeView }[],
  merged: Merged,
): readonly KnownFailure[] {
  const found = new Map<string, { match: SignatureMatch; nodes: string[] }>();
  for (const [log, { summary, view }] of logs.entries()) {
    for (const match of signaturesOfSummary(summary, stayedOnHost(merged, log))) {
      const known = found.get(match.id);
      if (known === undefined) {
        found.set(match.id, { match, nodes: [view.node] });
        continue;
      }
      known.nodes.push(view.node);
      if (share(match) > share(known.match)) known.match = match;
    }
  }
  return [...found.values()].sort(
    (a, b) =>
      Number(a.match.harmless) - Number(b.match.harmless) ||
      share(b.match) - share(a.match) ||
      b.nodes.length - a.nodes.length ||
      b.match.held.length - a.match.held.length,
  );
}

function share({ held, notObserved }: SignatureMatch): number {
  return held.length / (held.length + notObserved.length);
}
