import type { Direction, Impairment } from "../balancer/impairment.js";
import { NOTHING } from "./after-bytes.js";

/**
 * The balancer has forgotten the flow: nothing passes any more, FIN included, and nobody is told. The kernel goes on
 * acknowledging bytes, which a real black hole does not; a prober that has no business with ACKs cannot tell.
 */
export function blackHole(options: { readonly direction?: Direction } = {}): Impairment {
  return {
    name: "black-hole",
    enter: (_flow, direction) => (options.direction === undefined || options.direction === direction ? NOTHING : null),
  };
}
