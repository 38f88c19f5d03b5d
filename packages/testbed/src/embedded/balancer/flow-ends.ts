import type { Flow } from "../../balancer/flow.js";
import type { Impairment } from "../../balancer/impairment.js";
import { NOTHING } from "../../impairments/after-bytes.js";

/** RST to both sides at once. */
export function resetFlow(flow: Flow): void {
  flow.rst("client");
  flow.rst("backend");
}

/** The address has moved: whoever holds it now knows no such connection, and says so by RST to the next packet that comes. */
export const movedAway: Impairment = {
  name: "moved-away",
  enter: (flow, direction) =>
    direction === "down" ? NOTHING : { bytes: () => resetFlow(flow), end: () => resetFlow(flow) },
};

/** Forgets a flow once no packet has passed for so long: from then on nothing does, and nobody is told. */
export function forgetsIdle(afterMs: number): Impairment {
  const last = new WeakMap<Flow, { at: number; forgotten: boolean }>();
  return {
    name: "forgets-idle",
    enter(flow) {
      const state = last.get(flow) ?? { at: performance.now(), forgotten: false };
      last.set(flow, state);
      const passes = (): boolean => {
        const now = performance.now();
        state.forgotten ||= now - state.at > afterMs;
        state.at = now;
        return !state.forgotten;
      };
      return {
        bytes(chunk, next) {
          if (passes()) next(chunk);
        },
        end(next) {
          if (passes()) next();
        },
      };
    },
  };
}
