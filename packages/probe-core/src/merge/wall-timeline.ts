import type { Nanos } from "../events/index.js";
import { WallMap } from "../verdict/rollout/wall-time.js";

/** The fastest that a wall clock is slewed: 500 ppm, as adjtime(2) and chrony do at most by default. */
const SLEW = 500e-6;
/** Anchors kept; of more, every second one is given up. */
const MAX_ANCHORS = 4_096;

/** A stretch of wall time in which something happened, in ns since the base of the report. */
export interface WallSpan {
  readonly from: Nanos;
  readonly to: Nanos;
}

interface Anchor {
  readonly t: Nanos;
  /** Wall time minus `t`, since the wall time of `t = 0`. */
  readonly offset: Nanos;
  readonly errorNs: Nanos;
}

/**
 * Where the moments of one run lie on its node's wall clock: the header's reference, and each anchor that was taken later. Between two
 * anchors the clock may have been slewed or stepped at any moment, so the error there is theirs and all that it moved by. It says
 * nothing about how right that wall clock is.
 */
export class WallTimeline {
  readonly #wall: string;
  readonly #map = new WallMap();
  #anchors: Anchor[];
  #every = 1;
  #seen = 0;

  constructor(wall: string, errorNs: Nanos) {
    this.#wall = wall;
    this.#map.note(0, wall, 0);
    this.#anchors = [{ t: 0, offset: 0, errorNs: usable(errorNs) }];
  }

  /** The wall clock showed `wall` at `t`. What is no time is left out. */
  anchor(t: Nanos, wall: string, errorNs: Nanos): void {
    const read = this.#map.toRun(wall);
    this.#seen += 1;
    if (read === null || t <= (this.#anchors.at(-1)?.t ?? 0) || this.#seen % this.#every !== 0) return;
    this.#anchors.push({ t, offset: read.t - t, errorNs: usable(errorNs) });
    if (this.#anchors.length <= MAX_ANCHORS) return;
    this.#anchors = this.#anchors.filter((_, index) => index % 2 === 0);
    this.#every *= 2;
  }

  /** The same timeline from another wall time on: `null` where either is no time. */
  since(base: string): ((t: Nanos) => { readonly at: Nanos; readonly errorNs: Nanos }) | null {
    const map = new WallMap();
    map.note(0, base, 0);
    const start = map.toRun(this.#wall);
    if (start === null) return null;
    return (t) => {
      const { offset, errorNs } = this.#at(t);
      return { at: start.t + t + offset, errorNs };
    };
  }

  /** Largest error over the whole run. */
  worstError(until: Nanos): Nanos {
    const inside = this.#anchors.slice(1).map(({ t }) => this.#at(t - 1).errorNs);
    return Math.max(this.#at(until).errorNs, ...inside);
  }

  #at(t: Nanos): { readonly offset: Nanos; readonly errorNs: Nanos } {
    const anchors = this.#anchors;
    let low = 0;
    let high = anchors.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((anchors[middle]?.t ?? 0) <= t) low = middle;
      else high = middle;
    }
    const before = anchors[low] as Anchor;
    const after = anchors[low + 1];
    if (after === undefined) {
      return { offset: before.offset, errorNs: before.errorNs + Math.max(0, t - before.t) * SLEW };
    }
    const share = Math.max(0, (t - before.t) / (after.t - before.t));
    const moved = after.offset - before.offset;
    return {
      offset: before.offset + moved * share,
      errorNs: Math.max(before.errorNs, after.errorNs) + Math.abs(moved),
    };
  }
}

function usable(errorNs: Nanos): Nanos {
  return Number.isFinite(errorNs) && errorNs > 0 ? errorNs : 0;
}

export type Order = "before" | "after" | "unknown";

/** Which came first. `apartNs`: how far the two wall clocks may be apart; 0 for one clock. Inside the errors nobody can say. */
export function orderOf(a: WallSpan, b: WallSpan, apartNs: Nanos): Order {
  if (a.to + apartNs < b.from) return "before";
  if (b.to + apartNs < a.from) return "after";
  return "unknown";
}
