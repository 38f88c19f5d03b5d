import type { Fault } from "./fault.js";
import { onClientHello } from "./on-client-hello.js";

const RECORD_ALERT = 21;
const FATAL = 2;

/** The ClientHello is answered by a fatal alert (RFC 8446 §6) and FIN: 40 handshake_failure, 42 bad_certificate, 70 protocol_version, … */
export function tlsAlert(alert: number): Fault {
  return onClientHello("tls-alert", async (connection) => {
    await connection.wire.writeBelowTls(Buffer.of(RECORD_ALERT, 3, 3, 0, 2, FATAL, alert));
    await connection.wire.fin();
  });
}
