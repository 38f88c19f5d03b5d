import type { Instant, LocalCloseReason } from "../events/index.js";
import { LIMITS } from "../limits.js";
import type { ConnectionListener, OpenOptions, Target, WitnessedConnection } from "./contract.js";

export type OpenConnection = (
  target: Target,
  options: OpenOptions,
  listener: ConnectionListener,
) => WitnessedConnection;

/** Every connection of a run that is not closed yet: the bound on their number, and the way to wait until none is left. */
export class ConnectionTable {
  readonly #open: OpenConnection;
  readonly #limit: number;
  readonly #live = new Set<WitnessedConnection>();
  #whenEmpty: (() => void)[] = [];
  #sealed = false;

  constructor(open: OpenConnection, limit: number = LIMITS.maxConnections) {
    this.#open = open;
    this.#limit = limit;
  }

  get size(): number {
    return this.#live.size;
  }

  /** Whether another may be opened: there is room, and the run is not ending. */
  get hasRoom(): boolean {
    return !this.#sealed && this.#live.size < this.#limit;
  }

  /** Starts an attempt. Ask {@link hasRoom} before. */
  open(target: Target, options: OpenOptions, listener: ConnectionListener): WitnessedConnection {
    const connection = this.#open(target, options, {
      onReady: (at) => listener.onReady(at),
      onBytes: (bytes, at) => listener.onBytes(bytes, at),
      onEnded: (at) => listener.onEnded(at),
      onClosed: (at) => this.#closed(connection, listener, at),
    });
    this.#live.add(connection);
    return connection;
  }

  /**
   * No connection will be opened any more, and those that live are closed. Resolves when none is left or the timeout
   * has passed, with the number of those left.
   */
  async closeAll(reason: LocalCloseReason, timeoutMs: number): Promise<number> {
    this.#sealed = true;
    for (const connection of this.#live) connection.close(reason);
    if (this.#live.size > 0) {
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([
        new Promise<void>((resolve) => this.#whenEmpty.push(resolve)),
        new Promise<void>((resolve) => {
          timer = setTimeout(resolve, timeoutMs);
        }),
      ]);
      clearTimeout(timer);
    }
    return this.#live.size;
  }

  #closed(connection: WitnessedConnection, listener: ConnectionListener, at: Instant): void {
    this.#live.delete(connection);
    listener.onClosed(at);
    if (this.#live.size > 0) return;
    const waiting = this.#whenEmpty;
    this.#whenEmpty = [];
    for (const resolve of waiting) resolve();
  }
}
