import type { Fault } from "./fault.js";
import { type WhenOpenOptions, whenOpen } from "./when-open.js";

/** Each open request is answered up to its middle and then left so; PING is answered. For a balancer to cut. */
export function holdMidBody(options: WhenOpenOptions = {}): Fault {
  return whenOpen("hold-mid-body", options, async (connection, streams) => {
    for (const stream of streams) await connection.beginAnswer(stream);
  });
}
