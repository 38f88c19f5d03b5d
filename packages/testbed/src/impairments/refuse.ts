import type { Impairment } from "../balancer/impairment.js";

/** The balancer does not listen: new connections are refused by the kernel; old flows go on. */
export function refuse(): Impairment {
  return { name: "refuse", refuses: true };
}
