import type { Range } from "@drainprobe/testbed";

const ONCE: Range = { min: 1, max: 1 };

export interface Assignment<E, S> {
  /** What was seen of each expectation, in the order of the expectations. */
  readonly matched: readonly { readonly expected: E; readonly seen: readonly S[] }[];
  /** Expectations that were met too seldom, once for each time that is missing. */
  readonly missing: readonly E[];
  /** What nobody expected, or expected less often. */
  readonly unexpected: readonly S[];
}

/**
 * Gives each thing seen to one expectation at most. Expectations get their minimum first, the narrow ones before the
 * wide ones, so that an expectation that accepts much does not take what another one needs.
 */
export function assign<E extends { readonly count?: Range }, S>(
  expectations: readonly E[],
  seen: readonly S[],
  matches: (expected: E, seen: S) => boolean,
): Assignment<E, S> {
  const taken = new Map<E, S[]>(expectations.map((expected) => [expected, []]));
  const byWidth = [...expectations].sort((a, b) => width(a) - width(b));
  let free = seen;
  for (const bound of ["min", "max"] as const) {
    for (const expected of byWidth) {
      const mine = taken.get(expected) ?? [];
      const limit = (expected.count ?? ONCE)[bound];
      free = free.filter((candidate) => {
        if (mine.length >= limit || !matches(expected, candidate)) return true;
        mine.push(candidate);
        return false;
      });
    }
  }
  return {
    matched: expectations.map((expected) => ({ expected, seen: taken.get(expected) ?? [] })),
    missing: expectations.flatMap((expected) => {
      const short = (expected.count ?? ONCE).min - (taken.get(expected)?.length ?? 0);
      return Array.from({ length: Math.max(0, short) }, () => expected);
    }),
    unexpected: free,
  };

  function width(expected: E): number {
    return seen.filter((candidate) => matches(expected, candidate)).length;
  }
}
