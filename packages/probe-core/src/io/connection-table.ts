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
    const entry = new Entry(listener, this);
    const connection = this.#open(target, options, entry);
    entry.connection = connection;
    this.#live.add(connection);
    return connection;
  }

  /** One of them is gone: tells its listener, and then whoever waits for the last. */
  closed(connection: WitnessedConnection | null, listener: ConnectionListener, at: Instant): void {
    if (connection !== null) this.#live.delete(connection);
    listener.onClosed(at);
    if (this.#live.size > 0) return;
    const waiting = this.#whenEmpty;
    this.#whenEmpty = [];
    for (const resolve of waiting) resolve();
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
}

/** Hears of a connection before the one who opened it. */
class Entry implements ConnectionListener {
  readonly #listener: ConnectionListener;
  readonly #table: ConnectionTable;
  /** Set before the first call: a connection tells nothing while it is being opened. */
  connection: WitnessedConnection | null = null;

  constructor(listener: ConnectionListener, table: ConnectionTable) {
    this.#listener = listener;
    this.#table = table;
  }

  onReady(at: Instant): void {
    this.#listener.onReady(at);
  }

  onBytes(bytes: Uint8Array, at: Instant): void {
    this.#listener.onBytes(bytes, at);
  }

  onEnded(at: Instant): void {
    this.#listener.onEnded(at);
  }

  onClosed(at: Instant): void {
    this.#table.closed(this.connection, this.#listener, at);
  }
}
