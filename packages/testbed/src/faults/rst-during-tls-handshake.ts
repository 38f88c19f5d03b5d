import type { Fault } from "./fault.js";
import { onClientHello } from "./on-client-hello.js";

/** RST in answer to the ClientHello. */
export function rstDuringTlsHandshake(): Fault {
  return onClientHello("rst-during-tls-handshake", async (connection) => connection.wire.rst());
}
