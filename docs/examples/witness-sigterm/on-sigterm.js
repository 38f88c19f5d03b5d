// What does a server do on SIGTERM to a connection that waits for an answer?  node on-sigterm.js URL COMMAND...
import { spawn } from "node:child_process";
import { witness } from "@drainprobe/core/witness";

const [url, command, ...args] = process.argv.slice(2);
const server = spawn(command, args, { stdio: "inherit" });
const gone = new Promise((resolve) => server.once("exit", resolve));

let told = null; // when SIGTERM was sent, on the connection's own clock
for (let attempt = 1; told === null && attempt <= 50; attempt++) {
  for await (const event of witness(url)) {
    if (event.kind === "request.sent") {
      server.kill("SIGTERM");
      told = event.t;
    }
    if (told !== null) console.log(words(event));
  }
  // Not listening yet.
  if (told === null) await new Promise((resolve) => setTimeout(resolve, 100));
}
server.kill("SIGKILL");
await gone;

/** `+12.3 ms  tcp.fin.received  bytesRead=120`. */
function words({ t, u: _u, seq: _seq, conn: _conn, kind, ...fields }) {
  const more = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `+${((t - told) / 1e6).toFixed(1).padStart(6)} ms  ${kind.padEnd(22)} ${more.join(" ")}`;
}
