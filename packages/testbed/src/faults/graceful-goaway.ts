import type { Fault } from "./fault.js";
import { lingerThenClose } from "./linger.js";
import { type WhenOpenOptions, whenOpen } from "./when-open.js";

/** The good ending: GOAWAY with the highest stream read, all open requests answered, then close_notify and FIN. */
export function gracefulGoaway(options: WhenOpenOptions & { readonly lingerMs?: number } = {}): Fault {
  return whenOpen("graceful-goaway", options, async (connection, streams) => {
    await connection.goaway(connection.lastStream);
    for (const stream of streams) await connection.answer(stream);
    await lingerThenClose(connection, options.lingerMs ?? 100);
  });
}
