import type { Nanos, PathName } from "../events/index.js";

/** The time from one success of a new connection to the next. All attempts started in it share it. */
export interface Epoch {
  /** Start of the first attempt in it. */
  firstStart: Nanos | null;
  /** Start of its first attempt that failed. */
  firstFailedStart: Nanos | null;
  /** Completion of the success that ended it. */
  endedAt: Nanos | null;
}

/** The time from the first failure on a path to the next thing that worked there. Shared by all failures in it. */
export interface Outage {
  readonly since: Nanos;
  recoveredAt: Nanos | null;
}

/**
 * Whether new connections work on one path, and since when not. Constant memory: attempts and failures hold the epoch or the
 * outage they began in, which learns its end when it comes.
 */
export class PathReach {
  readonly path: PathName;
  attempted = 0;
  failed = 0;
  hairpin = 0;
  #longestGap = 0;
  #epoch: Epoch = { firstStart: null, firstFailedStart: null, endedAt: null };
  #outage: Outage | null = null;

  constructor(path: PathName) {
    this.path = path;
  }

  /** An attempt starts; keep the epoch for {@link attemptFailed}. */
  attemptStarted(t: Nanos): Epoch {
    this.attempted += 1;
    this.#epoch.firstStart ??= t;
    return this.#epoch;
  }

  /**
   * A new connection did what its lane wants of it. One that had begun before something failed may have been let in while new
   * ones still were: it ends no outage.
   */
  attemptWorked(t: Nanos, startedAt: Nanos): void {
    if (this.#outage !== null && startedAt >= this.#outage.since) {
      this.#outage.recoveredAt = t;
      this.#outage = null;
    }
    const epoch = this.#epoch;
    epoch.endedAt = t;
    if (epoch.firstFailedStart !== null) this.#gap(epoch.firstFailedStart, t);
    this.#epoch = { firstStart: null, firstFailedStart: null, endedAt: null };
  }

  /** An attempt ended without having worked. */
  attemptFailed(epoch: Epoch, startedAt: Nanos): void {
    this.failed += 1;
    if (epoch.firstFailedStart === null || startedAt < epoch.firstFailedStart) epoch.firstFailedStart = startedAt;
    if (epoch.endedAt !== null) this.#gap(startedAt, epoch.endedAt);
  }

  /** Something failed at `t`. */
  failureSeen(t: Nanos): Outage {
    this.#outage ??= { since: t, recoveredAt: null };
    return this.#outage;
  }

  /**
   * Longest time in which attempts were made and none worked. At `end` an attempt that was still waiting for its answer counts
   * from its start, if nothing has worked since.
   */
  longestGap(end: Nanos): Nanos {
    const open = this.#epoch.firstStart;
    return Math.max(this.#longestGap, open === null ? 0 : end - open);
  }

  #gap(from: Nanos, to: Nanos): void {
    this.#longestGap = Math.max(this.#longestGap, to - from);
  }
}
