import type { ServerConnection } from "../server/server-connection.js";
import type { Fault } from "./fault.js";

/** A fault on an idle connection: done once, at the client's `nth` PING and instead of an answer to it. */
export function onPing(name: string, act: (connection: ServerConnection) => Promise<void>, nth = 1): Fault {
  return {
    name,
    arm(connection, fired) {
      let done = false;
      return {
        onPing() {
          if (connection.pings < nth) return false;
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
