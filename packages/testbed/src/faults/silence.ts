import type { Fault } from "./fault.js";
import { type WhenOpenOptions, whenOpen } from "./when-open.js";

/** Nothing is answered any more, PING included; the kernel still acknowledges every byte. */
export function silence(options: WhenOpenOptions = {}): Fault {
  return whenOpen("silence", options, async (connection) => connection.wire.fallSilent());
}
