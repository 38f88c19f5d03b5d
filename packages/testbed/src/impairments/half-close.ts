import type { Impairment } from "../balancer/impairment.js";
import { NOTHING } from "./after-bytes.js";

/** FIN to the client, while what the client says still reaches the backend. */
export function halfClose(): Impairment {
  return {
    name: "half-close",
    enter(flow, direction) {
      if (direction === "up") return null;
      flow.fin("client");
      return NOTHING;
    },
  };
}
