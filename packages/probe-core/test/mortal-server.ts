import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A server in a process of its own, all of whose connections can be ended at once. It shares no thread with the probe. */
export class MortalServer implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(): Promise<MortalServer> {
    const child = fork(fileURLToPath(new URL("./mortal-server.mjs", import.meta.url)), { execArgv: [] });
    const [{ port }] = (await once(child, "message")) as [{ port: number }];
    return new MortalServer(child, port);
  }

  /** Connections it has now. */
  async connections(): Promise<number> {
    return (await this.#ask<{ count: number }>("count")).count;
  }

  /** Ends all of them without a word; gives how many there were. */
  async endAll(): Promise<number> {
    return (await this.#ask<{ ended: number }>("end")).ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.disconnect();
    await exited;
  }

  async #ask<T>(question: "count" | "end"): Promise<T> {
    const answered = once(this.#child, "message");
    this.#child.send(question);
    const [answer] = (await answered) as [T];
    return answer;
  }
}
