import type { Fault } from "./fault.js";
import { type WhenOpenOptions, whenOpen } from "./when-open.js";

/** RST_STREAM on the second of the open requests; the others are answered, and the connection goes on. */
export function resetStream(errorCode: number, options: WhenOpenOptions = {}): Fault {
  return whenOpen(
    "reset-stream",
    options,
    async (connection, [first = 0, second = 0, ...others]) => {
      await connection.resetStream(second, errorCode);
      for (const stream of [first, ...others]) await connection.answer(stream);
    },
    true,
  );
}
