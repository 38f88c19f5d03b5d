import type { Fault } from "./fault.js";
import { onPing } from "./on-ping.js";

/** FIN on an idle connection: no GOAWAY, no close_notify, no answer to the PING. */
export function finIdle(): Fault {
  return onPing("fin-idle", (connection) => connection.wire.fin());
}
