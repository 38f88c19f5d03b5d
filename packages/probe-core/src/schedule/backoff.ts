import { NANOS_PER_MS, NANOS_PER_SECOND, type Nanos } from "../events/index.js";

const FIRST_NS: Nanos = 50 * NANOS_PER_MS;
const LONGEST_NS: Nanos = NANOS_PER_SECOND;

/** Wait before the next attempt after `failures` (1, 2, …) failures in a row: 50 ms, doubling to 1 s. 0 for none. */
export function backoffNs(failures: number): Nanos {
  if (failures <= 0) return 0;
  return Math.min(LONGEST_NS, FIRST_NS * 2 ** Math.min(failures - 1, 10));
}
