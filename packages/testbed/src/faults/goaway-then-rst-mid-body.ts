import type { Fault } from "./fault.js";
import { type WhenOpenOptions, whenOpen } from "./when-open.js";

/** A broken promise: GOAWAY covering every open stream, each answer begun, then RST in mid-body, all in one breath. */
export function goawayThenRstMidBody(options: WhenOpenOptions = {}): Fault {
  return whenOpen("goaway-then-rst-mid-body", options, async (connection, streams) => {
    for (const stream of streams) await connection.beginAnswer(stream);
    await connection.goaway(connection.lastStream);
    connection.wire.rst();
  });
}
