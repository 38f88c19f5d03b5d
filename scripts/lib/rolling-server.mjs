// A server that is rolled out again and again: GOAWAY to every connection, what is open is answered, then it closes them.
//   node scripts/lib/rolling-server.mjs EVERY_MS     prints its port; ends when its parent's channel breaks
import { setTimeout as pause } from "node:timers/promises";
import { startRawServer } from "../../packages/testbed/dist/index.js";

const STEP_MS = 200;
const everyMs = Number(process.argv[2]);
const server = await startRawServer({ identity: null });
let rollouts = 0;
console.log(server.port);
setInterval(() => {
  rollouts += 1;
  for (const connection of server.connections) if (!connection.closed && connection.settingsAcked) roll(connection);
}, everyMs);
process.on("message", () => process.send?.({ rollouts }));
process.on("disconnect", () => process.exit(0));

async function roll(connection) {
  // In two steps (RFC 9113 §6.8): what the client sends before it has read the first one is answered too.
  await connection.goaway(0x7fffffff);
  await pause(STEP_MS);
  if (connection.closed) return;
  await connection.goaway(connection.lastStream);
  await connection.when(() => connection.closed || connection.open.size === 0);
  if (!connection.closed) await connection.wire.close();
}
