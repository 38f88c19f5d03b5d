import type { Lane, LanePlan, Nanos, PathName } from "../../events/index.js";
import { NANOS_PER_MS, NANOS_PER_SECOND } from "../../events/index.js";
import type { Target } from "../contract.js";
import type { HeadBook, RequestTemplate } from "../request-template.js";
import type { RunContext } from "../run-context.js";
import type { PacedWork, SweptWork } from "../ticker.js";

/** Why a lane ends, in the words of the facts it records then. */
export type LaneStopReason = "run.ended" | "aborted";

/** One lane on one path, running. */
export interface LaneRunner extends SweptWork {
  readonly path: PathName;
  readonly lane: Lane;
  readonly plan: LanePlan;
  /** What the ticker wakes it for; `null` where the lane only answers events. */
  readonly paced: PacedWork | null;
  /** Operations asked for so far: by the schedule, or for watch and slow by the end of the one before. */
  readonly scheduled: number;
  /** Resolves when all its sessions were ready once, or an operation of it has worked. */
  readonly settled: Promise<void>;
  start(now: Nanos): void;
  /** Gives up what is queued or open and closes what it holds; opens nothing any more. */
  stop(reason: LaneStopReason): void;
}

/** What every lane on a path is made from. */
export interface LaneSetup {
  readonly context: RunContext;
  readonly target: Target;
  readonly heads: HeadBook;
  /** Which of the run's lanes, from 0: keeps their schedules apart. */
  readonly ordinal: number;
}

/** What a lane asks for, in turn or, in watch and slow, side by side. */
export type RequestTemplates = readonly [RequestTemplate, ...RequestTemplate[]];

/**
 * An operation that could not be started this long after its intended time is not started at all and counted as missed:
 * after a stall, or while every stream of every session is taken, a burst of stale operations would measure us alone.
 */
export const MAX_LATENESS_NS: Nanos = NANOS_PER_SECOND;

/** When the n-th of many sessions makes its first attempt: a few at once, the others 10 ms apart by fours. */
export function firstAttemptAt(start: Nanos, index: number): Nanos {
  return start + Math.floor(index / 4) * 10 * NANOS_PER_MS;
}
