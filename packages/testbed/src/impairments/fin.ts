import type { Impairment } from "../balancer/impairment.js";
import { afterBytes, NOTHING } from "./after-bytes.js";

/** Options of the impairments that cut a flow. */
export interface CutOptions {
  /** Cut once so many more bytes went down to the client. Default: at once. */
  readonly afterBytes?: number;
}

/** The balancer closes the flow: FIN to client and backend, whatever they were saying. */
export function fin(options: CutOptions = {}): Impairment {
  return {
    name: "fin",
    enter(flow, direction) {
      const cut = () => {
        flow.fin("client");
        flow.fin("backend");
      };
      if (options.afterBytes !== undefined) return direction === "down" ? afterBytes(options.afterBytes, cut) : null;
      if (direction === "up") cut();
      return NOTHING;
    },
  };
}
