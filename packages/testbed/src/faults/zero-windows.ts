import { settingsFrame } from "../h2/frame.js";
import type { Fault } from "./fault.js";

/** SETTINGS_INITIAL_WINDOW_SIZE 0, and no WINDOW_UPDATE ever: a request with a body can never be finished. */
export function zeroWindows(): Fault {
  return {
    name: "zero-windows",
    arm(connection, fired) {
      return {
        onSecure() {
          void connection.send(settingsFrame([[4, 0]])).then(fired);
          return true;
        },
      };
    },
  };
}
