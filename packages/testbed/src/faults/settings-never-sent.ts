import type { Fault } from "./fault.js";

/** TLS is fine, HTTP/2 never begins: no SETTINGS, no answer to anything. */
export function settingsNeverSent(): Fault {
  return {
    name: "settings-never-sent",
    arm(connection, fired) {
      return {
        onSecure() {
          connection.wire.fallSilent();
          fired();
          return true;
        },
      };
    },
  };
}
