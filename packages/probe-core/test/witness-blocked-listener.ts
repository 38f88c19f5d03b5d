import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Worker } from "node:worker_threads";

/** A listener whose thread is stopped: the kernel completes handshakes, and nobody accepts. */
export interface BlockedListener extends AsyncDisposable {
  readonly port: number;
  /** Connects until the kernel takes no more. */
  fillBacklog(): Promise<void>;
  /** Closes the listener without accepting: the kernel resets what waits in the backlog. */
  closeListener(): Promise<void>;
}

const THREAD = `
  const { parentPort, workerData } = require("node:worker_threads");
  const gate = new Int32Array(workerData);
  const server = require("node:net").createServer((socket) => socket.destroy());
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => {
      Atomics.wait(gate, 0, 0);
      server.close();
      parentPort.postMessage("closed");
    });
  });
`;

export async function blockedListener(): Promise<BlockedListener> {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Worker(THREAD, { eval: true, workerData: gate.buffer });
  const [port] = (await once(thread, "message")) as [number];
  const fillers: Socket[] = [];
  let open = true;
  const closeListener = async (): Promise<void> => {
    if (!open) return;
    open = false;
    const closed = once(thread, "message");
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    await closed;
  };
  return {
    port,
    async fillBacklog() {
      for (;;) {
        const socket = connect(port, "127.0.0.1");
        socket.on("error", () => {});
        fillers.push(socket);
        const full = new Promise<boolean>((resolve) => {
          socket.once("connect", () => resolve(false));
          setTimeout(() => resolve(true), 300);
        });
        if (await full) return;
      }
    },
    closeListener,
    async [Symbol.asyncDispose]() {
      for (const socket of fillers) socket.destroy();
      await closeListener();
      await thread.terminate();
    },
  };
}
