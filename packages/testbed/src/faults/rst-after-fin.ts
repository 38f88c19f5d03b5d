import type { Fault } from "./fault.js";
import { onPing } from "./on-ping.js";

/**
 * FIN and close(2) on an idle connection: whatever the client still sends is answered by RST, which means nothing.
 * Done at the second PING: by then nothing else of the client's is under way, which would bring the RST too early.
 */
export function rstAfterFin(): Fault {
  return onPing("rst-after-fin", (connection) => connection.wire.finAndForget(), 2);
}
