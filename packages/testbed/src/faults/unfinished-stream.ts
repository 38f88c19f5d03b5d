import type { Fault } from "./fault.js";
import { type WhenOpenOptions, whenOpen } from "./when-open.js";

/** The second of the open requests is answered up to its middle and then left so; the others are answered. */
export function unfinishedStream(options: WhenOpenOptions = {}): Fault {
  return whenOpen(
    "unfinished-stream",
    options,
    async (connection, [first = 0, second = 0, ...others]) => {
      await connection.beginAnswer(second);
      for (const stream of [first, ...others]) await connection.answer(stream);
    },
    true,
  );
}
