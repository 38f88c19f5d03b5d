import type { Fault } from "./fault.js";
import { type WhenOpenOptions, whenOpen } from "./when-open.js";

/** HEADERS and the first bytes of each answer with RST right behind them, before the client can have read a byte. */
export function rstRightAfterData(options: WhenOpenOptions = {}): Fault {
  return whenOpen("rst-right-after-data", options, async (connection, streams) => {
    for (const stream of streams) await connection.beginAnswer(stream);
    connection.wire.rst();
  });
}
