import type { ServerConnection } from "../server/server-connection.js";
import type { Fault } from "./fault.js";

/** A fault inside the TLS handshake: done once, when the client's first bytes (its ClientHello) are there; TLS never starts. */
export function onClientHello(name: string, act: (connection: ServerConnection) => Promise<void>): Fault {
  return {
    name,
    arm(connection, fired) {
      let done = false;
      return {
        onCiphertext() {
          if (!done) {
            done = true;
            void act(connection).then(fired);
          }
          return true;
        },
      };
    },
  };
}
