import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PathReach } from "./path-reach.js";

interface Attempt {
  readonly start: number;
  readonly end: number;
  readonly works: boolean;
}

/** Plays attempts in the order of time. Those that end after `until` are still waiting then. */
function play(attempts: readonly Attempt[], until: number): PathReach {
  const reach = new PathReach("vip");
  const epochs = new Map<Attempt, ReturnType<PathReach["attemptStarted"]>>();
  const moments = attempts.flatMap((attempt) => [
    { t: attempt.start, order: 1, run: () => epochs.set(attempt, reach.attemptStarted(attempt.start)) },
    {
      t: attempt.end,
      order: 0,
      run: () => {
        const epoch = epochs.get(attempt);
        if (attempt.works) reach.attemptWorked(attempt.end, attempt.start);
        else if (epoch !== undefined) reach.attemptFailed(epoch, attempt.start);
      },
    },
  ]);
  moments.sort((a, b) => a.t - b.t || a.order - b.order);
  for (const moment of moments) if (moment.t <= until) moment.run();
  return reach;
}

/** The same by definition, with all of the past at hand. */
function longestGap(attempts: readonly Attempt[], until: number): number {
  const successes = attempts.filter((attempt) => attempt.works && attempt.end <= until).map((attempt) => attempt.end);
  const gaps = attempts
    .filter((attempt) => attempt.start <= until && !(attempt.works && attempt.end <= until))
    .map((attempt) => {
      const next = Math.min(...successes.filter((t) => t > attempt.start), Number.POSITIVE_INFINITY);
      const waiting = attempt.end > until;
      if (waiting && next !== Number.POSITIVE_INFINITY) return 0;
      return Math.min(next, until) - attempt.start;
    });
  const lastSuccess = Math.max(-1, ...successes);
  const open = attempts.filter((attempt) => attempt.start >= lastSuccess && attempt.start <= until);
  return Math.max(0, ...gaps, ...open.map((attempt) => until - attempt.start));
}

describe("recovery", () => {
  test("comes with the first attempt that worked and had begun after the failure", () => {
    const reach = new PathReach("vip");
    const outage = reach.failureSeen(1_000);
    reach.attemptWorked(1_200, 900);
    expect(outage.recoveredAt).toBeNull();
    reach.attemptWorked(1_500, 1_000);
    expect(outage.recoveredAt).toBe(1_500);
    reach.attemptWorked(1_600, 1_550);
    expect(outage.recoveredAt).toBe(1_500);
  });
});

describe("longestGap", () => {
  test("from the start of the first failed attempt after a success to the completion of the next success", () => {
    const attempts = [
      { start: 0, end: 1, works: true },
      { start: 10, end: 60, works: false },
      { start: 20, end: 25, works: false },
      { start: 65, end: 70, works: true },
    ];
    expect(play(attempts, 100).longestGap(100)).toBe(60);
  });

  test("an attempt that takes long to fail beside others that work opens no long gap", () => {
    const attempts = [
      { start: 0, end: 5_000, works: false },
      ...[1, 2, 3, 4].map((n) => ({ start: n * 1_000, end: n * 1_000 + 10, works: true })),
    ];
    expect(play(attempts, 6_000).longestGap(6_000)).toBe(1_010);
  });

  test("still open at the end counts, also where the attempts have not failed yet", () => {
    expect(play([{ start: 10, end: 5_010, works: false }], 4_000).longestGap(4_000)).toBe(3_990);
    expect(play([{ start: 10, end: 20, works: false }], 4_000).longestGap(4_000)).toBe(3_990);
  });

  test("nothing tried is no gap", () => {
    expect(new PathReach("vip").longestGap(1_000)).toBe(0);
  });

  test("streaming gives what the definition gives", () => {
    const attempt = fc
      .record({ start: fc.nat({ max: 100 }), takes: fc.integer({ min: 1, max: 60 }), works: fc.boolean() })
      .map(({ start, takes, works }) => ({ start, end: start + takes, works }));
    // At most one thing at a time: whoever comes first in one instant is not for this definition to say.
    const distinct = fc.array(attempt, { maxLength: 8 }).filter((all) => {
      const times = all.flatMap(({ start, end }) => [start, end]);
      return new Set(times).size === times.length;
    });
    fc.assert(
      fc.property(distinct, fc.integer({ min: 100, max: 170 }), (attempts, until) => {
        const times = attempts.flatMap(({ start, end }) => [start, end]);
        fc.pre(!times.includes(until));
        expect(play(attempts, until).longestGap(until)).toBe(longestGap(attempts, until));
      }),
      { numRuns: 2_000 },
    );
  });
});
