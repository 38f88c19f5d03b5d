import type { Fault } from "./fault.js";
import { type WhenOpenOptions, whenOpen } from "./when-open.js";

/** RST with requests open and nothing answered. */
export function rstInFlight(options: WhenOpenOptions = {}): Fault {
  return whenOpen("rst-in-flight", options, async (connection) => connection.wire.rst());
}
