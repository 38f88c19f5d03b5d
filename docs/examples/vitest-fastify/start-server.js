import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Starts the server as a process of its own, as production does, and waits for the URL that it prints. */
export async function startServer() {
  const child = spawn(process.execPath, ["server.js"], { stdio: ["ignore", "pipe", "inherit"] });
  const [url] = await once(createInterface(child.stdout), "line");
  const exited = once(child, "exit");
  return { url, stop: () => child.kill("SIGTERM"), exited };
}
