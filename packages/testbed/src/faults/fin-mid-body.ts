import type { Fault } from "./fault.js";
import { type WhenOpenOptions, whenOpen } from "./when-open.js";

/** HEADERS and the first bytes of each answer, then FIN: no GOAWAY, no close_notify. */
export function finMidBody(options: WhenOpenOptions = {}): Fault {
  return whenOpen("fin-mid-body", options, async (connection, streams) => {
    for (const stream of streams) await connection.beginAnswer(stream);
    await connection.wire.fin();
  });
}
