import type { Fault } from "./fault.js";
import { onClientHello } from "./on-client-hello.js";

/** The ClientHello is answered by HTTP/1.1 in clear, as by a server that expects no TLS on this port. */
export function tlsGarbage(): Fault {
  return onClientHello("tls-garbage", async (connection) => {
    await connection.wire.writeBelowTls(Buffer.from("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "latin1"));
  });
}
