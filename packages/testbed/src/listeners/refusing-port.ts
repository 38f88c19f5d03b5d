import { type AddressInfo, connect, createServer } from "node:net";
import { listen } from "../server/listen.js";

/** A port that refuses connections, and that nobody else can take meanwhile. */
export interface RefusingPort {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Holds a port that refuses. It is the local port of a client's connection: taken, and not listened on. A port that is
 * merely closed may be given to any other process of the machine in the next moment.
 */
export async function holdRefusingPort(): Promise<RefusingPort> {
  const server = createServer();
  await listen(server, "127.0.0.1", 0);
  const { port } = server.address() as AddressInfo;
  const accepted = new Promise<void>((resolve) => {
    server.once("connection", (socket) => {
      socket.on("error", () => {});
      resolve();
    });
  });
  const holder = connect({ host: "127.0.0.1", port });
  await new Promise<void>((resolve, reject) => {
    holder.once("connect", resolve);
    holder.once("error", reject);
  });
  await accepted;
  return {
    port: (holder.address() as AddressInfo).port,
    close() {
      holder.resetAndDestroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
