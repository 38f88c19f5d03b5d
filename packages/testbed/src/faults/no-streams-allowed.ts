import { settingsFrame } from "../h2/frame.js";
import type { Fault } from "./fault.js";

/** SETTINGS_MAX_CONCURRENT_STREAMS 0, for ever: a connection on which nothing may be asked. */
export function noStreamsAllowed(): Fault {
  return {
    name: "no-streams-allowed",
    arm(connection, fired) {
      return {
        onSecure() {
          void connection.send(settingsFrame([[3, 0]])).then(fired);
          return true;
        },
      };
    },
  };
}
