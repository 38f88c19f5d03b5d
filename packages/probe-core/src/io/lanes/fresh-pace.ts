import type { Nanos } from "../../events/index.js";
import { ClosedLoop, Limited, type Pace, Pacer, staggeredPhase } from "../../schedule/index.js";
import { MAX_LATENESS_NS } from "./lane.js";

/**
 * How often a fresh lane opens a connection: so many a second, whatever becomes of the others (open loop, what a probe wants), or
 * always `concurrency` at once, the next when one is closed (closed loop, what a benchmark wants). Exactly one of the two. With `count`
 * the lane opens no more than so many on each path.
 */
export type FreshPace =
  | { readonly ratePerSecond: number; readonly concurrency?: never; readonly count?: number }
  | { readonly concurrency: number; readonly ratePerSecond?: never; readonly count?: number };

/** `ordinal`: which of the run's lanes, from 0; keeps their schedules apart. */
export function startPace(pace: FreshPace, startNs: Nanos, ordinal: number): Pace {
  const endless = endlessPace(pace, startNs, ordinal);
  return pace.count === undefined ? endless : new Limited(endless, pace.count);
}

function endlessPace(pace: FreshPace, startNs: Nanos, ordinal: number): Pace {
  if (pace.ratePerSecond === undefined) return new ClosedLoop(pace.concurrency, startNs);
  return new Pacer({
    ratePerSecond: pace.ratePerSecond,
    startNs,
    phase: staggeredPhase(ordinal),
    maxLatenessNs: MAX_LATENESS_NS,
  });
}

/** The part of a lane's plan that tells its pace. */
export function pacePlan(pace: FreshPace): { readonly ratePerSecond: number; readonly sessions: number } {
  return { ratePerSecond: pace.ratePerSecond ?? 0, sessions: pace.concurrency ?? 0 };
}
