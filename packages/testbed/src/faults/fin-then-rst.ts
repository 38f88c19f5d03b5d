import type { Fault } from "./fault.js";
import { type WhenOpenOptions, whenOpen } from "./when-open.js";

/** FIN and RST back to back with requests open: the client's next write gives EPIPE. */
export function finThenRst(options: WhenOpenOptions = {}): Fault {
  return whenOpen("fin-then-rst", options, (connection) => connection.wire.finThenRst());
}
