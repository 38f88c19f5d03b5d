import type { Nanos } from "../events/index.js";
import type { WallSpan } from "./wall-timeline.js";

/** An incident of one of several logs, where it lies on the common axis. */
export interface PlacedOnWall {
  /** Index of the log, and of the incident in its list. */
  readonly log: number;
  readonly incident: number;
  readonly node: string;
  readonly span: WallSpan;
}

/** Incidents of different nodes of which nobody can say which came first. */
export interface SharedInstant {
  readonly span: WallSpan;
  readonly nodes: readonly string[];
  readonly members: readonly PlacedOnWall[];
}

/**
 * Groups incidents of which each may be as old as each other: any two of them overlap within `apartNs`, so that a long row of failures
 * does not run together. What one node saw alone is no group.
 */
export function sharedInstants(placed: readonly PlacedOnWall[], apartNs: Nanos): SharedInstant[] {
  const groups: SharedInstant[] = [];
  let members: PlacedOnWall[] = [];
  let firstEnd = Number.POSITIVE_INFINITY;
  const close = (): void => {
    const nodes = [...new Set(members.map(({ node }) => node))].sort();
    if (nodes.length > 1) {
      const from = Math.min(...members.map(({ span }) => span.from));
      groups.push({ span: { from, to: Math.max(...members.map(({ span }) => span.to)) }, nodes, members });
    }
    members = [];
    firstEnd = Number.POSITIVE_INFINITY;
  };
  for (const each of [...placed].sort((a, b) => a.span.from - b.span.from || a.log - b.log)) {
    if (each.span.from > firstEnd + apartNs) close();
    members.push(each);
    firstEnd = Math.min(firstEnd, each.span.to);
  }
  close();
  return groups;
}
