import type { ConnectionVerdict } from "../classify/verdict-types.js";
import type { Nanos } from "../events/index.js";

/**
 * Tells when new connections on one path worked again after some had failed. Unlike the longest gap of a summary it cannot
 * look back: an attempt that fails after a later one has worked adds nothing.
 */
export class NewConnectionGaps {
  readonly #onGap: (gap: Nanos) => void;
  #failingSince: Nanos | null = null;
  #lastSuccess: Nanos = -1;

  constructor(onGap: (gap: Nanos) => void) {
    this.#onGap = onGap;
  }

  /** A new connection did what its lane wants of it. */
  worked(t: Nanos): void {
    if (this.#failingSince !== null) this.#onGap(t - this.#failingSince);
    this.#failingSince = null;
    this.#lastSuccess = t;
  }

  /** An attempt ended without having worked. */
  failed(startedAt: Nanos): void {
    if (startedAt <= this.#lastSuccess) return;
    if (this.#failingSince === null || startedAt < this.#failingSince) this.#failingSince = startedAt;
  }

  /** For how long none has worked at `now`. */
  outage(now: Nanos): Nanos {
    return this.#failingSince === null ? 0 : Math.max(0, now - this.#failingSince);
  }
}

/** Did the attempt fail? Not where the run ended first, nor where it failed for want of something on our side. */
export function attemptFailed({ close, type }: ConnectionVerdict): boolean {
  if (type === "local.resources" || type === "unknown") return false;
  return type !== null || (close !== null && close !== "alive");
}
