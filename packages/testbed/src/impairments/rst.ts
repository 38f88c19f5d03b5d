import type { Impairment } from "../balancer/impairment.js";
import { afterBytes, NOTHING } from "./after-bytes.js";
import type { CutOptions } from "./fin.js";

/** The balancer throws the flow away: RST to client and backend. */
export function rst(options: CutOptions = {}): Impairment {
  return {
    name: "rst",
    enter(flow, direction) {
      const cut = () => {
        flow.rst("client");
        flow.rst("backend");
      };
      if (options.afterBytes !== undefined) return direction === "down" ? afterBytes(options.afterBytes, cut) : null;
      if (direction === "up") cut();
      return NOTHING;
    },
  };
}
