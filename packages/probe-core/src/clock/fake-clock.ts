import type { Instant, Nanos } from "../events/index.js";
import type { Clock, Timer, WallReading } from "./clock.js";

interface Pending {
  readonly due: Nanos;
  readonly run: () => void;
}

/** The simulated twin of `SystemClock`: time passes only by {@link advance}. */
export class FakeClock implements Clock {
  /** The `u` of every instant. */
  u: Nanos;
  #now: Nanos = 0;
  readonly #wallMs: number;
  readonly #pending: Pending[] = [];

  constructor(options: { readonly u?: Nanos; readonly wallMs?: number } = {}) {
    this.u = options.u ?? 0;
    this.#wallMs = options.wallMs ?? Date.UTC(2026, 0, 1);
  }

  now(): Nanos {
    return this.#now;
  }

  instant(): Instant {
    return { t: this.#now, u: this.u };
  }

  anchor(t: Nanos = this.#now): WallReading {
    const ms = Math.floor(t / 1e6);
    const iso = new Date(this.#wallMs + ms).toISOString();
    return { wall: `${iso.slice(0, -1)}${String(t - ms * 1e6).padStart(6, "0")}Z`, errorNs: 0 };
  }

  setTimer(delayNs: Nanos, run: () => void): Timer {
    const entry: Pending = { due: this.#now + Math.max(0, delayNs), run };
    const before = this.#pending.findIndex((other) => other.due > entry.due);
    this.#pending.splice(before === -1 ? this.#pending.length : before, 0, entry);
    return {
      cancel: () => {
        const index = this.#pending.indexOf(entry);
        if (index !== -1) this.#pending.splice(index, 1);
      },
    };
  }

  /** Timers that have not run. */
  get pendingTimers(): number {
    return this.#pending.length;
  }

  /** Lets time pass; timers run in the order they are due, each at its own time, also those set meanwhile. */
  advance(byNs: Nanos): void {
    const until = this.#now + byNs;
    for (let next = this.#pending[0]; next !== undefined && next.due <= until; next = this.#pending[0]) {
      this.#pending.shift();
      this.#now = next.due;
      next.run();
    }
    this.#now = until;
  }
}
