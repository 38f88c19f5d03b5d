import { connect, type Socket } from "node:net";
import type { KubeObject, StoreChange, StoreResult } from "./object-store.js";
import { LineReader, type StoreAnswer, type StoreNews, type StoreQuestion } from "./store-protocol.js";

/** An API server's connection to the store. */
export class StoreClient {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (answer: StoreAnswer) => void>();
  readonly #watchers = new Set<(change: StoreChange) => void>();
  #asked = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    const lines = new LineReader();
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      for (const line of lines.push(chunk)) this.#hear(JSON.parse(line) as StoreAnswer | StoreNews);
    });
    // Without its store an API server is nothing.
    socket.on("error", () => process.exit(1));
    socket.on("close", () => process.exit(1));
  }

  static open(path: string): Promise<StoreClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new StoreClient(socket));
      });
    });
  }

  async write(ask: Exclude<StoreQuestion, { op: "list" }>): Promise<StoreResult> {
    const answer = await this.#ask(ask);
    return "result" in answer ? answer.result : { is: "absent" };
  }

  async list(key: string, everywhere: boolean): Promise<{ items: readonly KubeObject[]; revision: number }> {
    const answer = await this.#ask({ op: "list", key, everywhere });
    return "items" in answer ? answer : { items: [], revision: 0 };
  }

  watch(listener: (change: StoreChange) => void): () => void {
    this.#watchers.add(listener);
    return () => void this.#watchers.delete(listener);
  }

  #ask(ask: StoreQuestion): Promise<StoreAnswer> {
    const id = ++this.#asked;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.write(`${JSON.stringify({ id, ask })}\n`);
    });
  }

  #hear(message: StoreAnswer | StoreNews): void {
    if ("change" in message) {
      for (const watcher of this.#watchers) watcher(message.change);
      return;
    }
    this.#waiting.get(message.id)?.(message);
    this.#waiting.delete(message.id);
  }
}
