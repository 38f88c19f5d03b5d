import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { until } from "./until.js";

/** Below the kernel's range for outgoing connections, so that no client's port can be in the way. */
const FIRST = 20_000;
const LAST = 31_999;
let next = FIRST + (process.pid % (LAST - FIRST));

/** A free TCP port on loopback for a server that cannot be told to choose one. Never given twice by this process. */
export async function reservePort(): Promise<number> {
  for (let tries = 0; tries < LAST - FIRST; tries += 1) {
    next = next >= LAST ? FIRST : next + 1;
    if (await isFree(next)) return next;
  }
  throw new Error("no free port on loopback");
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/**
 * Resolves when somebody listens on the port of 127.0.0.1; `death` tells why that will never be. Read from the kernel's own
 * list: a connection made only to see would be in the server's books and in the capture.
 */
export async function listening(port: number, death: () => string | null): Promise<void> {
  await until(
    () => {
      const dead = death();
      if (dead !== null) throw new Error(`the server ended before it listened on ${port}: ${dead}`);
      return isListening(port);
    },
    { what: `somebody to listen on port ${port}` },
  );
}

const LOOPBACK = "0100007F";
const STATE_LISTEN = "0A";

function isListening(port: number): boolean {
  const local = `${LOOPBACK}:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return readFileSync("/proc/net/tcp", "latin1")
    .split("\n")
    .some((line) => {
      const [, address, , state] = line.trim().split(/\s+/);
      return address === local && state === STATE_LISTEN;
    });
}
