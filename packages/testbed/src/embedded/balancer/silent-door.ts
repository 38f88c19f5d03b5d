import type { SendHandle } from "node:child_process";
import { connect, createServer, type Server, type Socket } from "node:net";
import { type Child, startChild } from "../child.js";
import type { Door, DoorOptions, DoorState } from "./door.js";

/** As many as may come in one turn of this process while the door is open. One more fits into the queue than the kernel is told. */
const BACKLOG = 128;

/**
 * A door that can also say nothing. Its listening socket is shared with a process that never accepts: when this one lets go of it the address
 * stays, its queue is filled with connections of our own, and the kernel drops what comes then.
 */
export class SilentDoor implements Door {
  state: DoorState = "open";
  readonly #options: DoorOptions;
  readonly #child: Child;
  /** The connections that fill the queue, by their port. */
  readonly #fillers = new Map<number, Socket>();
  #server: Server | null = null;
  /** What the socket now does; behind `state` while it changes. */
  #is: DoorState = "refusing";
  #changing = false;
  #closed = false;

  constructor(options: DoorOptions, child: Child) {
    this.#options = options;
    this.#child = child;
  }

  static async open(options: DoorOptions): Promise<Door> {
    const { dir, host, port } = options;
    const name = `door-${host}-${port}`;
    const child = await startChild({ dir, name, program: "holder-main", args: [], wrap: (command) => command });
    const door = new SilentDoor(options, child);
    try {
      await door.#answer("ready");
      await door.#become("open");
      return door;
    } catch (error) {
      await door.close();
      throw error;
    }
  }

  set(state: DoorState): void {
    this.state = state;
    void this.#follow();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#shut();
    this.#child.signal("SIGKILL");
    await this.#child.exited;
  }

  /** One change after the other, until the socket does what is wanted. */
  async #follow(): Promise<void> {
    if (this.#changing) return;
    this.#changing = true;
    try {
      while (this.#is !== this.state && !this.#closed) await this.#become(this.state);
    } catch {
      // The address is not free, or the holder is gone: whoever sets it next tries again.
    } finally {
      this.#changing = false;
    }
  }

  async #become(state: DoorState): Promise<void> {
    if (state === "refusing") {
      // First the one that accepts nothing: what still comes meanwhile is taken, not left in a queue.
      await this.#ask("drop");
      this.#shut();
    } else {
      if (this.#is === "refusing") await this.#listen();
      else if (state === "open") await this.#listen(await this.#ask("return"));
      if (this.#is === "refusing") await this.#ask("hold", this.#server);
      if (state === "silent") this.#fallSilent();
    }
    this.#is = state;
  }

  #fallSilent(): void {
    this.#server?.close();
    this.#server = null;
    const { host, port } = this.#options;
    for (let index = 0; index <= BACKLOG; index++) {
      const filler = connect({ host, port });
      filler.on("error", () => {});
      filler.once("connect", () => {
        if (filler.localPort !== undefined) this.#fillers.set(filler.localPort, filler);
      });
      filler.unref();
    }
  }

  #shut(): void {
    this.#server?.close();
    this.#server = null;
    for (const filler of this.#fillers.values()) filler.destroy();
    this.#fillers.clear();
  }

  /** On the address, or on a socket that comes back: that is listened on anew, and with Node's own backlog it would not be full next time. */
  async #listen(socket: unknown = null): Promise<void> {
    const { host, port } = this.#options;
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#take(client));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      if (socket === null) server.listen(port, host, BACKLOG, resolve);
      else server.listen(socket, BACKLOG, resolve);
    });
    if (this.#closed) server.close();
    else this.#server = server;
  }

  #take(client: Socket): void {
    const port = client.remotePort ?? 0;
    const filler = this.#fillers.get(port);
    if (filler === undefined) {
      this.#options.onClient(client);
      return;
    }
    this.#fillers.delete(port);
    client.on("error", () => {});
    filler.destroy();
    client.destroy();
  }

  /** Tells the holder, with the listening socket where there is one; resolves with what comes with its answer. */
  #ask(what: "hold" | "return" | "drop", server: Server | null = null): Promise<unknown> {
    const answer = this.#answer(what);
    // Node sends such a socket as it is, to be listened on or not: a Server would be accepted from.
    const handle = (server as unknown as { readonly _handle: SendHandle } | null)?._handle;
    this.#child.process.send(what, handle);
    return answer;
  }

  #answer(what: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#child.process.once("message", (_message, handle) => resolve(handle));
      void this.#child.exited.then(() => reject(new Error(`the holder ended before it said "${what}"`)));
    });
  }
}
