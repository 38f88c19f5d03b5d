import type { Fault } from "./fault.js";
import { type WhenOpenOptions, whenOpen } from "./when-open.js";

/** A broken promise: GOAWAY covering every open stream, each answer begun, then FIN without close_notify in mid-body. */
export function goawayThenFinMidBody(options: WhenOpenOptions = {}): Fault {
  return whenOpen("goaway-then-fin-mid-body", options, async (connection, streams) => {
    for (const stream of streams) await connection.beginAnswer(stream);
    await connection.goaway(connection.lastStream);
    await connection.wire.fin();
  });
}
