import type { StreamId } from "../events/index.js";

/** Why frames on a closed stream may still come, or may not. */
export type Closing =
  | "reset-by-us" //   late frames are to be expected: swallowed
  | "reset-by-peer" // nothing may follow
  | "released" //      above the last stream id of a GOAWAY: nothing may follow
  | "ended" //         END_STREAM was received: nothing may follow
  | "forgotten"; //    too long ago to know: swallowed

/**
 * Remembers how streams closed other than by END_STREAM, up to a bound. Beyond it the oldest are forgotten, and a stream
 * at or below the highest forgotten one is given the benefit of the doubt: we blame a peer only for what we know.
 */
export class ClosedStreams {
  readonly #limit: number;
  readonly #closings = new Map<StreamId, Closing>();
  #forgottenUpTo = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  remember(stream: StreamId, closing: "reset-by-us" | "reset-by-peer" | "released"): void {
    if (this.#closings.size >= this.#limit && !this.#closings.has(stream)) {
      const oldest = this.#closings.keys().next().value as StreamId;
      this.#closings.delete(oldest);
      this.#forgottenUpTo = Math.max(this.#forgottenUpTo, oldest);
    }
    this.#closings.set(stream, closing);
  }

  /** How a stream that is not open any more was closed. */
  closingOf(stream: StreamId): Closing {
    return this.#closings.get(stream) ?? (stream <= this.#forgottenUpTo ? "forgotten" : "ended");
  }
}
