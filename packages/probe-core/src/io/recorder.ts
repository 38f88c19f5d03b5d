import type { Clock } from "../clock/clock.js";
import type { ConnectionId, Fact, Instant, Nanos, ProbeEvent } from "../events/index.js";
import type { WireRecorder } from "./contract.js";
import { type H2WireFact, stamped, stampedOn } from "./stamp.js";

/** Hears every event, in order, in the same turn in which it was recorded. It must not throw. */
export type EventListener = (event: ProbeEvent) => void;

/** The one place where `seq`, `t` and `u` are given. */
export class EventRecorder implements WireRecorder {
  readonly #clock: Clock;
  readonly #listeners: EventListener[] = [];
  readonly #waiting: ProbeEvent[] = [];
  #dispatching = false;
  #seq = 0;
  #lastT: Nanos = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Events recorded so far; the `seq` of the last one. */
  get recorded(): number {
    return this.#seq;
  }

  /** Listeners hear events in the order they subscribed. Returns what ends it. */
  subscribe(listener: EventListener): () => void {
    this.#listeners.push(listener);
    return () => {
      const index = this.#listeners.indexOf(listener);
      if (index !== -1) this.#listeners.splice(index, 1);
    };
  }

  /**
   * Stamps `fact` and hands it on. Where `at` is older than the last event, `t` is raised to that event's and `u` by as
   * much: the log is in order and the bound, `t - u`, stays what it was.
   */
  record(fact: Fact, at: Instant = this.#clock.instant()): void {
    const raise = this.#advance(at);
    this.#publish(stamped(fact, this.#seq, this.#lastT, at.u + raise));
  }

  recordOn(conn: ConnectionId, fact: H2WireFact, at: Instant): void {
    const raise = this.#advance(at);
    this.#publish(stampedOn(conn, fact, this.#seq, this.#lastT, at.u + raise));
  }

  /** The next place in the log; tells by how much `at` is raised. */
  #advance(at: Instant): Nanos {
    const raise = Math.max(0, this.#lastT - at.t);
    this.#lastT = at.t + raise;
    this.#seq += 1;
    return raise;
  }

  #publish(event: ProbeEvent): void {
    if (this.#dispatching) {
      // A listener records: everybody hears the event at hand first, so that all hear all in the same order.
      this.#waiting.push(event);
      return;
    }
    this.#dispatching = true;
    try {
      this.#dispatch(event);
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) this.#dispatch(next);
    } finally {
      this.#dispatching = false;
    }
  }

  #dispatch(event: ProbeEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
