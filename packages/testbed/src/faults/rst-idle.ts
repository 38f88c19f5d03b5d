import type { Fault } from "./fault.js";
import { onPing } from "./on-ping.js";

/** RST on an idle connection, in answer to a packet: what many balancers do for a flow they have forgotten. */
export function rstIdle(): Fault {
  return onPing("rst-idle", async (connection) => connection.wire.rst());
}
