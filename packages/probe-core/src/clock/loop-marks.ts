import { performance } from "node:perf_hooks";
import type { Instant, Nanos } from "../events/index.js";
import { waitedForCore } from "./run-queue.js";

/**
 * The part of `u` that stands for the kernel: from a packet's arrival at this host until an event loop that sleeps runs
 * again on a core that is free. It is a typical bound, not a guarantee. Waiting for a core is not in it: Linux counts that ({@link waitedForCore}),
 * and elsewhere a machine with more runnable threads than cores exceeds it.
 */
export const KERNEL_DELAY_NS: Nanos = 500_000;

/** A sleep no longer than this may have been none: whatever was ready ended it at once, and a busy machine took its time. */
const NO_SLEEP_NS: Nanos = 1_000_000;

const timing = performance.nodeTiming;

/**
 * Knows since when the loop cannot have missed anything: the bound under every `u`.
 *
 * `epoll_wait` reports whatever is ready. So what is handled in a turn of the loop became ready after the previous call
 * returned, and, if the loop slept in this turn's call, not before it woke. Node tells how long the loop has slept in all
 * (`idleTime`), not when. The when comes from marks taken in the check phase, at the end of turns in which something was handled:
 *
 * - it slept `d` since the newest mark `c1`: it last woke at or after `c1 + d`;
 * - it did not sleep since `c1`: the call before this one returned at or after `c2` plus what it slept after `c2`.
 *
 * A thread that has been woken and waits for a core counts as asleep in `idleTime`, so that waiting is taken off its sleep.
 *
 * Both hold for any subset of turns: a missing mark loosens the bound, and never breaks it. Marks are armed with an unreferenced
 * immediate and only when something was handled, so an idle loop stays idle.
 *
 * What it does not see: a socket with more than 2 MB waiting is read over several turns, and its later bytes are given
 * the bound of the turn they were read in.
 */
export class LoopMarks {
  readonly #now: () => Nanos;
  #newest: Nanos;
  #newestIdle: Nanos;
  #older: Nanos;
  #olderIdle: Nanos;
  #newestWaited: Nanos;
  #olderWaited: Nanos;
  #askedAtIdle: Nanos = -1;
  #waited: Nanos = 0;
  #armed = false;
  #pulseDue = Number.POSITIVE_INFINITY;
  #overslept = false;

  constructor(now: () => Nanos) {
    this.#now = now;
    this.#newest = this.#older = now();
    this.#newestIdle = this.#olderIdle = idle();
    this.#newestWaited = this.#olderWaited = waitedForCore();
  }

  /** Whatever is handled now was not ready in the kernel before this, {@link KERNEL_DELAY_NS} apart. */
  floor(t: Nanos): Nanos {
    if (!this.#armed) {
      this.#armed = true;
      setImmediate(this.#mark).unref();
    }
    const idleNow = idle();
    const slept = idleNow - this.#newestIdle;
    // A timer is overdue: the loop was busy or the whole process was frozen in its sleep (SIGSTOP, a cgroup's CPU quota).
    // In the second case the sleep tells nothing about arrival, and the two cannot be told apart here.
    const trusted = t <= this.#pulseDue && !this.#overslept;
    if (slept > 0) return this.#newest + (trusted ? asleep(slept, this.#waitedAt(idleNow) - this.#newestWaited) : 0);
    const before = asleep(this.#newestIdle - this.#olderIdle, this.#newestWaited - this.#olderWaited);
    return this.#older + (trusted ? before : 0);
  }

  /**
   * The same for an end of file or an error: bytes before it on its socket were handled at `behind`. libuv reads a socket that it has emptied
   * no second time in a turn, so what was ready with those bytes is told a turn later, and the marks say nothing of when it came. It
   * came after them. A sleep in between was the end's own.
   */
  floorBehind(t: Nanos, behind: Instant): Nanos {
    const floor = this.floor(t);
    if (behind.t <= this.#older || behind.t > this.#newest) return floor;
    const idleNow = idle();
    const slept = idleNow - this.#newestIdle;
    const itsOwn = slept > 0 && asleep(slept, this.#waitedAt(idleNow) - this.#newestWaited) > NO_SLEEP_NS;
    return itsOwn ? floor : Math.min(floor, behind.t - behind.u + KERNEL_DELAY_NS);
  }

  /** Asked once for each sleep: waiting for a core since it ended was no part of it. */
  #waitedAt(idleNow: Nanos): Nanos {
    if (idleNow !== this.#askedAtIdle) {
      this.#askedAtIdle = idleNow;
      this.#waited = waitedForCore();
    }
    return this.#waited;
  }

  /** Says until when a timer keeps the loop from sleeping: a sleep that lasts longer was not the loop's own. */
  pulseExpectedBy(t: Nanos): void {
    this.#pulseDue = t;
  }

  /**
   * That timer came late. After SIGCONT `epoll_wait` is interrupted and libuv, its timeout over, runs timers without having collected
   * what is ready: until the end of the next turn, sleep still tells nothing.
   */
  pulseCameLate(): void {
    this.#overslept = true;
  }

  readonly #mark = (): void => {
    this.#armed = false;
    this.#overslept = false;
    this.#older = this.#newest;
    this.#olderIdle = this.#newestIdle;
    this.#newest = this.#now();
    this.#newestIdle = idle();
    this.#olderWaited = this.#newestWaited;
    this.#newestWaited = waitedForCore();
  };
}

/** A sleep without the waiting for a core that may have been a part of it. */
function asleep(slept: Nanos, waited: Nanos): Nanos {
  return Math.max(0, slept - waited);
}

function idle(): Nanos {
  return Math.round(timing.idleTime * 1e6);
}
