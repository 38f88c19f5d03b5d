import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import type { Identity } from "../certificates/identity.js";

/**
 * The child: a node:http2 server that answers nothing and tells how many requests are open. It tells only after the
 * client's ACK of its SETTINGS: bytes that nobody has read make the kernel answer a kill with RST instead of FIN.
 */
const CHILD = `
const { createSecureServer } = require("node:http2");
let server;
process.on("message", (message, socket) => {
  if (message.identity) {
    server = createSecureServer(message.identity);
    server.on("session", (session) => {
      session.acknowledged = new Promise((resolve) => session.once("localSettings", resolve));
    });
    server.on("stream", (stream) => {
      stream.on("error", () => {});
      void stream.session.acknowledged.then(() => process.send({ opened: true }));
    });
    server.on("sessionError", () => {});
    process.send({ ready: true });
  } else if (socket) {
    server.emit("connection", socket);
  }
});
process.on("disconnect", () => process.exit());
`;

/** A server in a process of its own, which can be killed for real. */
export interface MortalServer {
  /** Gives it a connection nobody has read from. This process keeps no hold of it. */
  take(socket: Socket): void;
  /** Resolves when so many requests are open in it. */
  opened(requests: number): Promise<void>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
}

/** Starts a server process that takes connections from this one. */
export async function startMortalServer(identity: Identity): Promise<MortalServer> {
  const child = spawn(process.execPath, ["-e", CHILD], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: {},
  });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let open = 0;
  const waiting = new Set<() => void>();
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => reject(new Error("the server process ended before it began")));
    child.on("message", (message: { ready?: boolean; opened?: boolean }) => {
      if (message.ready === true) resolve();
      if (message.opened === true) open++;
      for (const look of waiting) look();
    });
    child.send({ identity });
  });
  return {
    take: (socket) => void child.send({ take: true }, socket),
    opened: (requests) =>
      new Promise((resolve) => {
        const look = () => {
          if (open < requests) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    async kill() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}
