import type { LabExpectation, LabMoment } from "@drainprobe/testbed";
import type { Sighting } from "./seen.js";

/** What a run is held against. */
export interface MatchOptions {
  readonly expected: readonly LabExpectation[];
  readonly sightings: readonly Sighting[];
  /** When instances were told to end, wall ms. */
  readonly moments: readonly LabMoment[];
  readonly speed: number;
  /** Can a connection that stays on its master be told by its addresses? */
  readonly showsHairpin: boolean;
}

/** One expectation, and how often it came. */
export interface Matched {
  readonly expectation: LabExpectation;
  readonly count: number;
  readonly met: boolean;
}

export interface MatchResult {
  readonly matched: readonly Matched[];
  /** What nobody expected. */
  readonly unexpected: readonly Sighting[];
  readonly reproduced: boolean;
}

/** A moment is told by one process and seen by another, on a machine that may be busy: so much too early, whatever the speed. */
export const TOLERANCE_MS = 300;

/** And so much too late: timers and processes wait for a core. */
const LATE_TOLERANCE_MS = 1_000;

/** Holds what was seen against what was expected: each sighting counts for the first expectation that takes it. */
export function match(options: MatchOptions): MatchResult {
  const { expected, sightings } = options;
  const counts = expected.map(() => 0);
  const unexpected: Sighting[] = [];
  for (const sighting of sightings) {
    const at = expected.findIndex((expectation) => takes(expectation, sighting, options));
    if (at >= 0) counts[at] = (counts[at] ?? 0) + 1;
    else if (sighting.type !== null) unexpected.push(sighting);
  }
  const matched = expected.map((expectation, index) => {
    const count = counts[index] ?? 0;
    const { min, max = Number.POSITIVE_INFINITY } = expectation.count ?? { min: 1 };
    return { expectation, count, met: count >= min && count <= max };
  });
  return { matched, unexpected, reproduced: unexpected.length === 0 && matched.every(({ met }) => met) };
}

function takes(expectation: LabExpectation, sighting: Sighting, options: MatchOptions): boolean {
  if (expectation.scope !== sighting.scope) return false;
  if (expectation.type === null && sighting.type !== null) return false;
  if (expectation.type != null && !oneOf(expectation.type, sighting.type)) return false;
  if (expectation.close !== undefined && !oneOf(expectation.close, sighting.close)) return false;
  if (expectation.lanes !== undefined && !expectation.lanes.includes(sighting.lane)) return false;
  if (expectation.hairpin !== undefined && options.showsHairpin && expectation.hairpin !== sighting.hairpin)
    return false;
  return expectation.when === undefined || inTime(expectation.when, sighting.wallMs, options);
}

function oneOf(wanted: string | readonly string[], seen: string | null): boolean {
  return seen !== null && (typeof wanted === "string" ? wanted === seen : wanted.includes(seen));
}

function inTime(
  { fromMs = 0, toMs = Number.POSITIVE_INFINITY }: NonNullable<LabExpectation["when"]>,
  wallMs: number,
  { moments, speed }: MatchOptions,
): boolean {
  return moments.some(({ what, wallMs: at }) => {
    if (what !== "sigterm") return false;
    const after = wallMs - at;
    return after >= fromMs / speed - TOLERANCE_MS && after <= toMs / speed + LATE_TOLERANCE_MS;
  });
}
