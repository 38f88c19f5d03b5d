import type { ServerConnection } from "../server/server-connection.js";
import { TrafficKeys } from "../server/traffic-keys.js";
import type { Fault } from "./fault.js";
import { onPing } from "./on-ping.js";

const HANDSHAKE = 22;
/** RFC 8446 §4.6.3: KeyUpdate, one byte long, `update_requested`: the client has to answer each with one of its own. */
const KEY_UPDATE = Buffer.from([24, 0, 0, 1, 1]);
const FLOOD = 10_000;
const BATCH = 100;

/** TLS 1.3 KeyUpdate messages, each properly encrypted under the key the one before it announced, without anything between them. */
export function keyUpdateFlood(): Fault {
  return onPing("tls-key-update-flood", pour);
}

async function pour(connection: ServerConnection): Promise<void> {
  const { wire } = connection;
  const keys = await TrafficKeys.take(wire);
  for (let sent = 0; sent < FLOOD && !connection.closed; sent += BATCH) {
    const batch: Buffer[] = [];
    for (let i = 0; i < BATCH; i++) {
      batch.push(keys.seal(HANDSHAKE, KEY_UPDATE));
      keys.update();
    }
    await wire.writeBelowTls(Buffer.concat(batch));
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
