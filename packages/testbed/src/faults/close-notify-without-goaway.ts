import type { Fault } from "./fault.js";
import { type WhenOpenOptions, whenOpen } from "./when-open.js";

/** A server that closes TLS politely and forgets HTTP/2: close_notify and FIN with requests open, no GOAWAY. */
export function closeNotifyWithoutGoaway(options: WhenOpenOptions = {}): Fault {
  return whenOpen("close-notify-without-goaway", options, (connection) => connection.wire.close());
}
