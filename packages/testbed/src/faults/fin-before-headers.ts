import type { Fault } from "./fault.js";
import { type WhenOpenOptions, whenOpen } from "./when-open.js";

/** FIN with requests open and nothing answered: no GOAWAY, no close_notify. */
export function finBeforeHeaders(options: WhenOpenOptions = {}): Fault {
  return whenOpen("fin-before-headers", options, (connection) => connection.wire.fin());
}
