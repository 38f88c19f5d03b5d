import type { ConnectionId, Nanos } from "../events/index.js";
import { LIMITS } from "../limits.js";

interface SentPing {
  readonly opaque: string;
  readonly at: Nanos;
}

/** Spreads the first PINGs of sessions opened together over one interval. */
const GOLDEN_RATIO = 0.618_033_988_749_895;

/** PINGs of one session: when the next is due, which are unanswered, and since when. */
export class PingBook {
  readonly #conn: ConnectionId;
  readonly #prefix: string;
  #nextAt: Nanos = Number.POSITIVE_INFINITY;
  #count = 0;
  #unanswered: SentPing[] = [];

  constructor(conn: ConnectionId) {
    this.#conn = conn;
    this.#prefix = hex32(conn);
  }

  /** When the next PING is due; never before {@link start}. */
  get nextAt(): Nanos {
    return this.#nextAt;
  }

  start(now: Nanos, intervalNs: Nanos): void {
    this.#nextAt = now + Math.round(intervalNs * ((this.#conn * GOLDEN_RATIO) % 1));
  }

  /** On its own grid, so that late looks do not stretch the interval; what a stall swallowed is not made up for. */
  advance(now: Nanos, intervalNs: Nanos): void {
    this.#nextAt += intervalNs * Math.max(1, Math.ceil((now - this.#nextAt) / intervalNs));
  }

  /** The opaque data of the next PING, 16 hex digits, unique on its connection. */
  send(now: Nanos): string {
    this.#count = (this.#count + 1) % 0x1_0000_0000;
    const opaque = this.#prefix + hex32(this.#count);
    this.#unanswered.push({ opaque, at: now });
    return opaque;
  }

  /** When that PING was sent, or `null` for an ACK that answers none of ours. Older unanswered ones count as answered. */
  acknowledge(opaque: string): Nanos | null {
    const index = this.#unanswered.findIndex((ping) => ping.opaque === opaque);
    if (index === -1) return null;
    const sentAt = this.#unanswered[index]?.at ?? null;
    this.#unanswered = this.#unanswered.slice(index + 1);
    return sentAt;
  }

  /** When the oldest unanswered PING was sent. */
  get oldestUnanswered(): Nanos | null {
    return this.#unanswered[0]?.at ?? null;
  }

  /**
   * When the peer counts as silent, as far as can be told now. One that still sends is not silent, however far behind it is with its answers;
   * but one that never answers is.
   */
  overdueAt(timeoutNs: Nanos, lastBytesAt: Nanos): Nanos {
    const oldest = this.oldestUnanswered;
    if (oldest === null) return Number.POSITIVE_INFINITY;
    return Math.min(Math.max(oldest, lastBytesAt) + timeoutNs, oldest + timeoutNs * LIMITS.pingTimeoutsWhileSending);
  }
}

function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}
