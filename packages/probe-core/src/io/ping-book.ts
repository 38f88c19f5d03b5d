import type { ConnectionId, Nanos } from "../events/index.js";

interface SentPing {
  readonly opaque: string;
  readonly at: Nanos;
}

/** PINGs of one session: which are unanswered, and since when. */
export class PingBook {
  readonly #prefix: string;
  #count = 0;
  #unanswered: SentPing[] = [];

  constructor(conn: ConnectionId) {
    this.#prefix = hex32(conn);
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
}

function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}
