import type { Fault } from "./fault.js";
import { type WhenOpenOptions, whenOpen } from "./when-open.js";

/** Requests get no answer; PING does. Counts as done when `streams` of them are open. */
export function holdRequests(options: WhenOpenOptions = {}): Fault {
  return whenOpen("hold-requests", options, async () => {});
}
