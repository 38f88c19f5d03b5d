import { NANOS_PER_MS, type Nanos } from "../events/index.js";
import type { SweptWork } from "./ticker.js";

/** Whatever is due within one of these is looked at together. */
const SLOT_NS: Nanos = 5 * NANOS_PER_MS;

/**
 * When to look at what: of ten thousand sessions a sweep touches only those with something due. To touch all of them, 40 times a second,
 * costs more than their PINGs.
 *
 * An alarm is not called off: who no longer wants it finds nothing due when it comes. It comes with the first sweep that is not before its
 * time, or {@link SLOT_NS} later.
 */
export class Alarms implements SweptWork {
  readonly #slots = new Map<number, SweptWork[]>();

  /** `work` is swept once, when `due` has come. Not from within this call. */
  at(due: Nanos, work: SweptWork): void {
    const slot = Math.ceil(due / SLOT_NS);
    const works = this.#slots.get(slot);
    if (works === undefined) this.#slots.set(slot, [work]);
    else works.push(work);
  }

  sweep(now: Nanos): void {
    const last = Math.floor(now / SLOT_NS);
    const due = [...this.#slots.keys()].filter((slot) => slot <= last).sort((a, b) => a - b);
    for (const slot of due) {
      const works = this.#slots.get(slot) ?? [];
      this.#slots.delete(slot);
      for (const work of works) work.sweep(now);
    }
  }
}
