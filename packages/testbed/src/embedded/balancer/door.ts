import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { PlaneDir } from "../../kube/plane-dir.js";
import { listen } from "../../server/listen.js";
import { type Child, startChild } from "../child.js";

/** How an address meets new connections: takes them, refuses them by RST, or says nothing. */
export type DoorState = "open" | "refusing" | "silent";

/** An address whose manners can be changed. Connections that are through it are not touched. */
export interface Door {
  readonly state: DoorState;
  set(state: DoorState): void;
  close(): Promise<void>;
}

/** Options of {@link openDoor}. */
export interface DoorOptions {
  readonly dir: PlaneDir;
  readonly host: string;
  readonly port: number;
  /** Must it be able to say nothing? That takes a process. */
  readonly silence: boolean;
  readonly onClient: (client: Socket) => void;
}

export function openDoor(options: DoorOptions): Promise<Door> {
  return options.silence ? SilentDoor.open(options) : PlainDoor.open(options);
}

class PlainDoor implements Door {
  state: DoorState = "open";
  readonly #options: DoorOptions;
  #server: Server | null = null;

  constructor(options: DoorOptions) {
    this.#options = options;
  }

  static async open(options: DoorOptions): Promise<Door> {
    const door = new PlainDoor(options);
    await door.#listen();
    return door;
  }

  set(state: DoorState): void {
    if (state === this.state) return;
    if (state === "silent") throw new Error("this door cannot be silent");
    this.state = state;
    if (state === "refusing") this.#shut();
    // Should the address not be free yet, whoever sets it next tries again.
    else void this.#listen().catch(() => {});
  }

  async close(): Promise<void> {
    this.#shut();
  }

  async #listen(): Promise<void> {
    const { host, port, onClient } = this.#options;
    const server = createServer({ allowHalfOpen: true, noDelay: true }, onClient);
    this.#server = server;
    await listen(server, host, port);
    if (this.#server !== server || (server.address() as AddressInfo).port !== port) server.close();
  }

  #shut(): void {
    this.#server?.close();
    this.#server = null;
  }
}

/** One more fits into the queue than the kernel is told. */
const BACKLOG = 32;

class SilentDoor implements Door {
  state: DoorState = "open";
  readonly #options: DoorOptions;
  readonly #child: Child;
  readonly #fillers = new Map<number, Socket>();

  constructor(options: DoorOptions, child: Child) {
    this.#options = options;
    this.#child = child;
    child.process.on("message", (message, socket) => {
      if (message === "connection" && socket !== undefined) this.#take(socket as Socket);
    });
  }

  static async open(options: DoorOptions): Promise<Door> {
    const { dir, host, port } = options;
    const child = await startChild({
      dir,
      name: `door-${host}-${port}`,
      program: "acceptor-main",
      args: [host, String(port), String(BACKLOG)],
      wrap: (command) => command,
    });
    const door = new SilentDoor(options, child);
    await new Promise<void>((resolve, reject) => {
      child.process.once("message", () => resolve());
      void child.exited.then(() => reject(new Error(`nobody listens at ${host}:${port}`)));
      child.process.send({ listen: true });
    });
    return door;
  }

  set(state: DoorState): void {
    if (state === this.state) return;
    const before = this.state;
    this.state = state;
    if (before === "silent") this.#wake();
    if (state === "silent") {
      if (before === "refusing") this.#child.process.send({ listen: true }, () => this.#fallSilent());
      else this.#fallSilent();
    } else if (before !== "open" || state !== "open") {
      this.#child.process.send({ listen: state === "open" });
    }
  }

  async close(): Promise<void> {
    for (const filler of this.#fillers.values()) filler.destroy();
    this.#child.signal("SIGKILL");
    await this.#child.exited;
  }

  #fallSilent(): void {
    if (this.state !== "silent") return;
    this.#child.signal("SIGSTOP");
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

  #wake(): void {
    this.#child.signal("SIGCONT");
  }

  #take(client: Socket): void {
    client.on("error", () => {});
    const filler = this.#fillers.get(client.remotePort ?? 0);
    if (filler !== undefined) {
      this.#fillers.delete(client.remotePort ?? 0);
      filler.destroy();
      client.destroy();
      return;
    }
    client.setNoDelay(true);
    this.#options.onClient(client);
    client.resume();
  }
}
