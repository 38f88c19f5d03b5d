import type { Clock, Timer } from "../src/clock/clock.js";
import { SystemClock } from "../src/clock/system-clock.js";
import type { EventKind, EventOf, ProbeEvent } from "../src/events/index.js";
import { EventRecorder } from "../src/io/recorder.js";
import type { MarkerDeps, MarkerNotice, StopSource } from "../src/kube/markers/marker-source.js";

export type MarkerEvent = EventOf<"rollout.marker">;

/** The system's clock, which tells how many timers were set: every round of a source ends with one. */
class CountingClock implements Clock {
  rounds = 0;
  readonly system = new SystemClock();
  readonly #told: () => void;

  constructor(told: () => void) {
    this.#told = told;
  }

  now(): number {
    return this.system.now();
  }

  instant(): { t: number; u: number } {
    return this.system.instant();
  }

  anchor(t?: number): { wall: string; errorNs: number } {
    return this.system.anchor(t);
  }

  setTimer(delayNs: number, run: () => void): Timer {
    this.rounds += 1;
    this.#told();
    return this.system.setTimer(delayNs, run);
  }
}

/** A run's recorder and clock for one source under test, and a way to wait for what it tells. */
export class MarkerRig {
  readonly clock = new CountingClock(() => this.wake());
  readonly recorder = new EventRecorder(this.clock);
  readonly events: ProbeEvent[] = [];
  readonly notices: MarkerNotice[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #stops: StopSource[] = [];

  constructor() {
    this.recorder.subscribe((event) => {
      this.events.push(event);
      this.wake();
    });
  }

  get deps(): MarkerDeps {
    return {
      recorder: this.recorder,
      clock: this.clock,
      notify: (notice) => {
        this.notices.push(notice);
        this.wake();
      },
    };
  }

  get markers(): MarkerEvent[] {
    return this.of("rollout.marker");
  }

  of<K extends EventKind>(kind: K): EventOf<K>[] {
    return this.events.filter((event): event is EventOf<K> => event.kind === kind);
  }

  run(stop: StopSource): StopSource {
    this.#stops.push(stop);
    return stop;
  }

  wake(): void {
    for (const waiting of [...this.#waiting]) waiting();
  }

  /** Resolves when `probe` gives something; what it waits for comes by an event, and the test's own timeout ends it. */
  until<T>(probe: () => T | undefined | false): Promise<T> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = probe();
        if (found === undefined || found === false) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Resolves when a round that began after this call has ended. */
  async round(): Promise<void> {
    const from = this.clock.rounds;
    await this.until(() => this.clock.rounds >= from + 2);
  }

  /** The n-th marker, from 1. */
  marker(n: number): Promise<MarkerEvent> {
    return this.until(() => this.markers[n - 1]);
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0)) await stop();
  }
}
