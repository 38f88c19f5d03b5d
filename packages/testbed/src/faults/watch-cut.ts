import type { Fault } from "./fault.js";
import { whenOpen } from "./when-open.js";

/** A watch gets one event, then its connection gets FIN: no END_STREAM, no GOAWAY, no close_notify. */
export function watchCut(): Fault {
  return whenOpen("watch-cut", { streams: 1 }, async (connection, [watch = 0]) => {
    await connection.headers(watch, 200, [["content-type", "application/json"]]);
    await connection.data(watch, Buffer.from('{"type":"ADDED"}\n'));
    await connection.wire.fin();
  });
}
