import { createServer } from "node:net";
import { listen } from "../server/listen.js";

/** Below the kernel's range for outgoing connections, so that no client's port can be in the way of a restart. */
const FIRST = 12_000;
const LAST = 31_999;

/**
 * A TCP port that is free on all of `hosts`, for servers that cannot choose one themselves and come back to it after a restart.
 * It is free now and stays so with great likelihood: nobody can promise more.
 */
export async function freePort(hosts: readonly string[]): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    const free = await Promise.all(hosts.map((host) => isFree(host, port)));
    if (free.every(Boolean)) return port;
  }
  throw new Error(`found no port that is free on ${hosts.join(", ")}`);
}

async function isFree(host: string, port: number): Promise<boolean> {
  const server = createServer();
  try {
    await listen(server, host, port);
  } catch {
    return false;
  }
  await new Promise((resolve) => server.close(resolve));
  return true;
}
