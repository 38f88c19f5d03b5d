import { performance } from "node:perf_hooks";
import type { Instant, Nanos } from "../events/index.js";
import type { Clock, Timer, WallReading } from "./clock.js";
import { KERNEL_DELAY_NS, LoopMarks } from "./loop-marks.js";
import { WallEstimate } from "./wall-estimate.js";

/** How long the constructor watches the wall clock for the turn of a millisecond. The only time it blocks the loop. */
const FIRST_ANCHOR_NS: Nanos = 1_100_000;

/** Samples for each later anchor, some 100 ns each. */
const SAMPLES = 8;

/** A stall is looked for this often. */
const PULSE_MS = 20;

/** Shorter stalls are not reported: what happened in them is dated by `u`. */
export const STALL_NS: Nanos = 50_000_000;

/** The clock of a run: `t = 0` is its construction. */
export class SystemClock implements Clock {
  /** The monotonic clock at `t = 0`, as text: it may exceed 2^53. The same clock as `process.hrtime` of any process on this host. */
  readonly monotonicEpochNs: string;
  readonly #epochMs: number;
  readonly #marks: LoopMarks;
  readonly #wall: WallEstimate;

  constructor() {
    const { epochMs, hrtime } = readBoth();
    this.#epochMs = epochMs;
    this.monotonicEpochNs = hrtime.toString();
    this.#wall = new WallEstimate(Date.now());
    const until = this.now() + FIRST_ANCHOR_NS;
    while (this.now() < until) this.#sample();
    this.#marks = new LoopMarks(() => this.now());
  }

  now(): Nanos {
    return Math.round((performance.now() - this.#epochMs) * 1e6);
  }

  instant(behind: Instant | null = null): Instant {
    const t = this.now();
    const floor = behind === null ? this.#marks.floor(t) : this.#marks.floorBehind(t, behind);
    return { t, u: Math.max(0, t - floor) + KERNEL_DELAY_NS };
  }

  anchor(t: Nanos = this.now()): WallReading {
    for (let i = 0; i < SAMPLES; i++) this.#sample();
    return { wall: this.#wall.wallAt(t), errorNs: this.#wall.errorNs };
  }

  setTimer(delayNs: Nanos, run: () => void): Timer {
    return new SystemTimer(delayNs, run);
  }

  /**
   * Calls `stalled` after the loop did not come round for {@link STALL_NS} or longer, whether it was busy or the process
   * was frozen. It works by a timer that is due every 20 ms and finds itself late: every stall of 70 ms or more is found, none
   * under 50 ms is reported, and `durationNs` is a lower bound by at most 20 ms.
   *
   * The timer also serves `instant()`: it tells when a sleep cannot be trusted, and keeps the bound fresh. Without it a frozen
   * process understates `u`, and work that never asked for an instant loosens it. It does not keep the process alive.
   * Returns what stops it.
   */
  watchStalls(stalled: (durationNs: Nanos, at: Instant) => void): () => void {
    const period = PULSE_MS * 1_000_000;
    // Node's timers count whole milliseconds of a cached loop time, so a punctual one may come 2 ms late.
    const slack = 2_000_000;
    let due = this.now() + period;
    this.#marks.pulseExpectedBy(due + slack);
    const pulse = setInterval(() => {
      const late = this.now() - due;
      if (late > slack) this.#marks.pulseCameLate();
      const at = this.instant();
      due = at.t + period;
      this.#marks.pulseExpectedBy(due + slack);
      if (late >= STALL_NS) stalled(late, at);
    }, PULSE_MS);
    pulse.unref();
    return () => {
      clearInterval(pulse);
      this.#marks.pulseExpectedBy(Number.POSITIVE_INFINITY);
    };
  }

  #sample(): void {
    const before = this.now();
    const wallMs = Date.now();
    this.#wall.add(before, wallMs, this.now());
  }
}

class SystemTimer implements Timer {
  readonly #timeout: NodeJS.Timeout;

  constructor(delayNs: Nanos, run: () => void) {
    this.#timeout = setTimeout(run, Math.max(0, Math.ceil(delayNs / 1e6)));
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }
}

/** `performance.now()` and `process.hrtime` are one clock with two zeros: the closest of some pairs joins them. */
function readBoth(): { epochMs: number; hrtime: bigint } {
  let best = { epochMs: 0, hrtime: 0n };
  let width = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 16; i++) {
    const before = performance.now();
    const hrtime = process.hrtime.bigint();
    const after = performance.now();
    if (after - before >= width) continue;
    width = after - before;
    best = { epochMs: (before + after) / 2, hrtime };
  }
  return best;
}
