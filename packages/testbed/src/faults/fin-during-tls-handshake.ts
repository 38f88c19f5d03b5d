import type { Fault } from "./fault.js";
import { onClientHello } from "./on-client-hello.js";

/** FIN in answer to the ClientHello. */
export function finDuringTlsHandshake(): Fault {
  return onClientHello("fin-during-tls-handshake", (connection) => connection.wire.fin());
}
