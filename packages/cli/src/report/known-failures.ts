import { type SignatureMatch, type Summary, signaturesOfRuns } from "@drainprobe/core";
import { type Merged, type NodeView, stayedOnHost } from "@drainprobe/core/merge";

/** A signature of the catalogue that fits, and the nodes that saw such a failure. */
export interface KnownFailure {
  readonly match: SignatureMatch;
  readonly nodes: readonly string[];
}

/**
 * What fits the logs of all nodes, read as one body of evidence, the best first. A log that could not be put beside the others speaks for
 * itself, after them; what is harmless comes last.
 */
export function knownFailures(
  logs: readonly { readonly summary: Summary; readonly view: NodeView }[],
  merged: Merged,
): readonly KnownFailure[] {
  const observed = logs.map(({ summary, view }, log) => {
    const axis = merged.nodes[log]?.axis ?? null;
    const at = axis === null ? {} : { at: (t: number): number => axis(t).at };
    return { node: view.node, placed: axis !== null, run: { summary, stayed: stayedOnHost(merged, log), ...at } };
  });
  const placed = observed.filter((each) => each.placed);
  const bodies = [placed, ...observed.filter((each) => !each.placed).map((each) => [each])];
  const found = new Map<string, { match: SignatureMatch; nodes: string[] }>();
  for (const body of bodies) {
    for (const { runs, ...match } of signaturesOfRuns(body.map(({ run }) => run))) {
      const nodes = runs.flatMap((run) => body[run]?.node ?? []);
      const known = found.get(match.id);
      if (known === undefined) found.set(match.id, { match, nodes });
      else known.nodes.push(...nodes.filter((node) => !known.nodes.includes(node)));
    }
  }
  return [...found.values()].sort((a, b) => Number(a.match.harmless) - Number(b.match.harmless));
}
