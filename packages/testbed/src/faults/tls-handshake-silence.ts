import type { Fault } from "./fault.js";
import { onClientHello } from "./on-client-hello.js";

/** The ClientHello gets no answer. */
export function tlsHandshakeSilence(): Fault {
  return onClientHello("tls-handshake-silence", async (connection) => connection.wire.fallSilent());
}
