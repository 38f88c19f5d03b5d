import type { Fault } from "./fault.js";
import { whenOpen } from "./when-open.js";

/** A watch gets one event and then a clean END_STREAM; the connection goes on. */
export function watchEnded(): Fault {
  return whenOpen(
    "watch-ended",
    { streams: 1 },
    async (connection, [watch = 0]) => {
      await connection.headers(watch, 200, [["content-type", "application/json"]]);
      await connection.data(watch, Buffer.from('{"type":"ADDED"}\n'));
      await connection.data(watch, Buffer.alloc(0), true);
    },
    true,
  );
}
