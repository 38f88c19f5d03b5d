import type { ServerConnection } from "../server/server-connection.js";
import type { Fault } from "./fault.js";

const PIECE = Buffer.alloc(16_384, "x");

/** The first request of the connection is answered by content without end, as fast as the client's windows let it. */
export function endlessBody(): Fault {
  return {
    name: "endless-body",
    arm(connection, fired) {
      let begun = false;
      return {
        onRequest({ stream }) {
          if (begun) return false;
          begun = true;
          fired();
          void pour(connection, stream);
          return true;
        },
      };
    },
  };
}

async function pour(connection: ServerConnection, stream: number): Promise<void> {
  await connection.headers(stream, 200);
  while (!connection.closed && connection.open.has(stream)) {
    await connection.data(stream, PIECE);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
