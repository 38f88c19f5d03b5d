import type { Clock, Timer } from "../clock/clock.js";
import { NANOS_PER_MS, type Nanos } from "../events/index.js";

/** Work that is due at times of its own. */
export interface PacedWork {
  readonly nextAt: Nanos;
  tick(now: Nanos): void;
}

/** Timeouts that are looked at now and then. */
export interface SweptWork {
  sweep(now: Nanos): void;
}

/** What happens once, when everything ends. */
export interface TimedEnd {
  readonly at: Nanos;
  readonly run: () => void;
}

/** How often timeouts are looked at, and so how late one may be noticed. */
export const SWEEP_INTERVAL_NS: Nanos = 25 * NANOS_PER_MS;

/** A wake for something else takes the sweep along if it is due this soon: waking costs more than sweeping. */
const SWEEP_EARLY_NS: Nanos = 10 * NANOS_PER_MS;

/** A sweep this late comes after a stall. */
const STALE_SWEEP_NS: Nanos = 100 * NANOS_PER_MS;

/** The one timer of a run: it wakes for whatever is due first. */
export class Ticker {
  readonly #clock: Clock;
  readonly #paced: readonly PacedWork[];
  readonly #swept: readonly SweptWork[];
  #timer: Timer | null = null;
  #end: TimedEnd | null = null;
  #nextSweepAt: Nanos = 0;
  #skipped = false;

  constructor(clock: Clock, paced: readonly PacedWork[], swept: readonly SweptWork[]) {
    this.#clock = clock;
    this.#paced = paced;
    this.#swept = swept;
  }

  /** At `end` it stops by itself. What is due at that very time or later is not begun any more, however late it is noticed. */
  start(end: TimedEnd | null = null): void {
    this.#end = end;
    const now = this.#clock.now();
    this.#nextSweepAt = now + SWEEP_INTERVAL_NS;
    this.#arm(now);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  readonly #wake = (): void => {
    const now = this.#clock.now();
    const end = this.#end !== null && now >= this.#end.at ? this.#end : null;
    const due = end === null ? now : end.at - 1;
    for (const work of this.#paced) if (work.nextAt <= due) work.tick(due);
    if (now >= this.#nextSweepAt - SWEEP_EARLY_NS) this.#sweep(now);
    if (end !== null) {
      this.stop();
      end.run();
    }
    if (this.#timer !== null) this.#arm(this.#clock.now());
  };

  /**
   * Timers run before sockets are read. After a stall, answers that came in time may still lie in the kernel: the first
   * sweep passes, so that the loop reads them before anything of theirs is called overdue.
   */
  #sweep(now: Nanos): void {
    const stale = now - this.#nextSweepAt > STALE_SWEEP_NS;
    this.#nextSweepAt = now + SWEEP_INTERVAL_NS;
    this.#skipped = stale && !this.#skipped;
    if (this.#skipped) return;
    for (const work of this.#swept) work.sweep(now);
  }

  #arm(now: Nanos): void {
    let next = Math.min(this.#nextSweepAt, this.#end?.at ?? Number.POSITIVE_INFINITY);
    for (const work of this.#paced) if (work.nextAt < next) next = work.nextAt;
    this.#timer = this.#clock.setTimer(next - now, this.#wake);
  }
}
