import type { ServerConnection } from "../server/server-connection.js";
import type { Fault } from "./fault.js";

/** Options of the faults that wait until requests are surely in flight. */
export interface WhenOpenOptions {
  /** How many requests must be open. Default 3. */
  readonly streams?: number;
}

/**
 * A fault that answers nothing until so many requests are open, then does `act` once. Requests after that are ignored
 * where the fault ends the connection, and answered where `healthyAfter`.
 */
export function whenOpen(
  name: string,
  options: WhenOpenOptions,
  act: (connection: ServerConnection, streams: readonly number[]) => Promise<void>,
  healthyAfter = false,
): Fault {
  const wanted = options.streams ?? 3;
  return {
    name,
    arm(connection, fired) {
      let done = false;
      return {
        onRequest() {
          if (done) return !healthyAfter;
          if (connection.open.size >= wanted) {
            done = true;
            void act(connection, [...connection.open.keys()]).then(fired);
          }
          return true;
        },
      };
    },
  };
}
