// A healthy server of the testbed as a process of its own, in whatever namespace it was started in.
//   node server.mjs HOST PORT [FOLDER]    with a folder: TLS, and the authority's certificate is written there as ca.pem
// Prints its port. `/bytes/N`, `/slow/MS`, `/watch` are answered as the testbed's servers do.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { certificates, startRawServer } from "../../../../packages/testbed/dist/index.js";

const [host, port, folder] = process.argv.slice(2);
const made = folder === undefined ? null : await certificates();
if (made !== null) writeFileSync(join(folder, "ca.pem"), made.ca);
const server = await startRawServer({ identity: made?.good ?? null, host, port: Number(port) });
console.log(server.port);
