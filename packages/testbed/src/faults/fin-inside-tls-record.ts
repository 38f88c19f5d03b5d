import { dataFrame } from "../h2/frame.js";
import type { Fault } from "./fault.js";
import { type WhenOpenOptions, whenOpen } from "./when-open.js";

/** Each answer begun; then one more TLS record with content, cut in its middle by FIN. TLS only. */
export function finInsideTlsRecord(options: WhenOpenOptions = {}): Fault {
  return whenOpen("fin-inside-tls-record", options, async (connection, streams) => {
    for (const stream of streams) await connection.beginAnswer(stream);
    const [first = 0] = streams;
    await connection.wire.writeHalfRecord(dataFrame(first, Buffer.alloc(1_024, "y"), false));
    await connection.wire.fin();
  });
}
