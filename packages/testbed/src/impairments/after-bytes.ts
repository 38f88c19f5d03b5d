import type { Stage } from "../balancer/impairment.js";

/** Lets the first `limit` bytes of a direction pass, then acts once; what comes after it is lost. */
export function afterBytes(limit: number, act: () => void): Stage {
  let left = limit;
  let done = false;
  return {
    bytes(chunk, next) {
      if (done) return;
      if (chunk.length < left) {
        left -= chunk.length;
        next(chunk);
        return;
      }
      if (left > 0) next(chunk.subarray(0, left));
      done = true;
      act();
    },
    end(next) {
      if (!done) next();
    },
  };
}

/** Lets nothing pass, and no FIN. */
export const NOTHING: Stage = { bytes() {}, end() {} };
