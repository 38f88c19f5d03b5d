import { type AddressInfo, createServer, type Server } from "node:net";
import { listen } from "../../server/listen.js";
import type { Door, DoorOptions, DoorState } from "./door.js";

/** A door that is open, or refuses. */
export class PlainDoor implements Door {
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
