import { connect, type Socket } from "node:net";
import { Worker } from "node:worker_threads";

/**
 * Runs in a thread of its own, which blocks as soon as it listens: so nothing is ever accepted. It waits to be woken, or
 * (`until: "queued-bytes"`) for a connection in its accept queue to have bytes to read; then it closes the listener.
 */
const THREAD = `
const { readFileSync } = require("node:fs");
const { createServer } = require("node:net");
const { parentPort, workerData } = require("node:worker_threads");
const wake = new Int32Array(workerData.wake);
const ESTABLISHED = "01";

function queuedBytes(port) {
  const local = "0100007F:" + port.toString(16).toUpperCase().padStart(4, "0");
  return readFileSync("/proc/net/tcp", "latin1").split("\\n").some((line) => {
    const [, address, , state, queues] = line.trim().split(/\\s+/);
    return address === local && state === ESTABLISHED && Number.parseInt(queues.split(":")[1], 16) > 0;
  });
}

const server = createServer();
server.listen({ host: "127.0.0.1", port: 0, backlog: workerData.backlog }, () => {
  const { port } = server.address();
  parentPort.postMessage({ port });
  if (workerData.until === "woken") Atomics.wait(wake, 0, 0);
  else while (!queuedBytes(port)) if (Atomics.wait(wake, 0, 0, 2) !== "timed-out") break;
  server.close(() => parentPort.postMessage({ closed: true }));
});
`;

/** A listener whose owner never calls accept(2). */
export interface UnacceptingListener {
  readonly port: number;
  /** Resolves when it does not listen any more. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/**
 * Listens and never accepts. Where `until` is `queued-bytes` (Linux), the listener is closed as soon as a connection in
 * its accept queue has sent something: the kernel then resets it.
 */
export async function listenWithoutAccepting(
  backlog: number,
  until: "woken" | "queued-bytes",
): Promise<UnacceptingListener> {
  const wake = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(THREAD, { eval: true, workerData: { backlog, until, wake: wake.buffer } });
  const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  const { promise: closed, resolve: onClosed } = deferred();
  const port = await new Promise<number>((resolve, reject) => {
    worker.once("error", reject);
    worker.on("message", (message: { port?: number; closed?: boolean }) => {
      if (message.port !== undefined) resolve(message.port);
      if (message.closed === true) onClosed();
    });
  });
  return {
    port,
    closed,
    async close() {
      Atomics.store(wake, 0, 1);
      Atomics.notify(wake, 0);
      await exited;
    },
  };
}

/**
 * A listener with its accept queue full: the kernel drops every further SYN without a word. With a backlog of 1 Linux
 * queues two connections; they are made one after the other, so that the queue is surely full when this resolves.
 */
export async function listenWithFullBacklog(): Promise<UnacceptingListener> {
  const listener = await listenWithoutAccepting(1, "woken");
  const fillers: Socket[] = [];
  for (let i = 0; i < 2; i++) {
    const filler = connect({ host: "127.0.0.1", port: listener.port });
    fillers.push(filler);
    await new Promise<void>((resolve, reject) => {
      filler.once("connect", resolve);
      filler.once("error", reject);
    });
    filler.on("error", () => {});
  }
  return {
    ...listener,
    async close() {
      for (const filler of fillers) filler.destroy();
      await listener.close();
    },
  };
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((r) => {
    resolve = r;
  });
  return { promise, resolve };
}
