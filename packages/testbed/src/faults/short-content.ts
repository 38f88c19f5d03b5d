import type { Fault } from "./fault.js";
import { type WhenOpenOptions, whenOpen } from "./when-open.js";

/** END_STREAM on the second of the open requests when half of its `content-length` was sent; the others are answered. */
export function shortContent(options: WhenOpenOptions = {}): Fault {
  return whenOpen(
    "short-content",
    options,
    async (connection, [first = 0, second = 0, ...others]) => {
      await connection.headers(second, 200, [["content-length", "100"]]);
      await connection.data(second, Buffer.alloc(50, "z"), true);
      for (const stream of [first, ...others]) await connection.answer(stream);
    },
    true,
  );
}
