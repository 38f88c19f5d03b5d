import type { ServerConnection } from "../server/server-connection.js";

/**
 * How servers close after GOAWAY: `lingerMs` after the last promised stream ended (Go waits 1 000 ms; here shorter by
 * default), close_notify and FIN, unless the client left before.
 */
export async function lingerThenClose(connection: ServerConnection, lingerMs: number): Promise<void> {
  let over = false;
  const timer = setTimeout(() => {
    over = true;
    connection.look();
  }, lingerMs);
  await connection.when(() => over || connection.closed || connection.peerLeft);
  clearTimeout(timer);
  if (!connection.closed) await connection.wire.close();
}
