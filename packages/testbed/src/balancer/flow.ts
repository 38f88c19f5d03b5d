import { connect, type Socket } from "node:net";
import type { Direction, Impairment, Stage } from "./impairment.js";

/** Where a balancer may send a flow. */
export interface Upstream {
  readonly host: string;
  readonly port: number;
}

interface Link {
  readonly impairment: Impairment;
  readonly stage: Stage;
}

/** One client's connection through a balancer, and the connection to the backend chosen for it. */
export class Flow {
  /** 0 for the first flow. */
  readonly index: number;
  readonly upstream: Upstream;
  readonly client: Socket;
  readonly backend: Socket;
  /** Bytes that reached the other side, by direction. */
  readonly passed: Record<Direction, number> = { up: 0, down: 0 };
  closed = false;
  readonly #chains: Record<Direction, Link[]> = { up: [], down: [] };
  readonly #onActivity: () => void;

  constructor(index: number, client: Socket, upstream: Upstream, onActivity: () => void) {
    this.index = index;
    this.upstream = upstream;
    this.client = client;
    this.#onActivity = onActivity;
    this.backend = connect({ ...upstream, allowHalfOpen: true, noDelay: true });
    this.#pump("up", client, this.backend);
    this.#pump("down", this.backend, client);
  }

  /** Puts an impairment at the end of the chain of each direction it wants to stand in. */
  enter(impairment: Impairment): void {
    for (const direction of ["up", "down"] as const) {
      const stage = impairment.enter?.(this, direction);
      if (stage != null) this.#chains[direction].push({ impairment, stage });
    }
  }

  /** Takes an impairment out of both chains. */
  leave(impairment: Impairment): void {
    for (const direction of ["up", "down"] as const) {
      const chain = this.#chains[direction];
      for (const link of chain.filter((l) => l.impairment === impairment)) {
        link.stage.removed?.((bytes) => this.#bytes(direction, bytes, link));
        chain.splice(chain.indexOf(link), 1);
      }
    }
  }

  /** FIN to one side, behind the bytes already handed to the kernel; this side's bytes are read on and lost. */
  fin(side: "client" | "backend"): void {
    const socket = this[side];
    if (socket.writable) socket.end();
    socket.resume();
  }

  /** RST to one side. */
  rst(side: "client" | "backend"): void {
    this[side].resetAndDestroy();
  }

  /** Ends both sides at once, by FIN where the kernel has nothing unread. */
  destroy(): void {
    this.client.destroy();
    this.backend.destroy();
  }

  #pump(direction: Direction, from: Socket, to: Socket): void {
    from.on("data", (bytes: Buffer) => this.#bytes(direction, bytes, null));
    from.on("end", () => {
      // Node 20 and 22 report many resets as an end of file. The kernel forgets the peer's name at RST, not at FIN (but
      // also when both sides have sent theirs).
      if (from.writableEnded || from.remoteAddress !== undefined) return this.#end(direction, null);
      to.resetAndDestroy();
      from.destroy();
    });
    from.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNRESET" && !to.destroyed) to.resetAndDestroy();
    });
    from.on("close", () => {
      to.destroy();
      this.closed = this.client.destroyed && this.backend.destroyed;
      this.#onActivity();
    });
  }

  /** Hands bytes to the link behind `after` (`null`: the first one), or to the other side. */
  #bytes(direction: Direction, bytes: Buffer, after: Link | null): void {
    const link = this.#behind(direction, after);
    if (link !== undefined) link.stage.bytes(bytes, (out) => this.#bytes(direction, out, link));
    else this.#deliver(direction, bytes);
  }

  #end(direction: Direction, after: Link | null): void {
    const link = this.#behind(direction, after);
    if (link === undefined) this.#receiver(direction).end();
    else if (link.stage.end === undefined) this.#end(direction, link);
    else link.stage.end(() => this.#end(direction, link));
    this.#onActivity();
  }

  #behind(direction: Direction, after: Link | null): Link | undefined {
    const chain = this.#chains[direction];
    return chain[after === null ? 0 : chain.indexOf(after) + 1];
  }

  #deliver(direction: Direction, bytes: Buffer): void {
    const to = this.#receiver(direction);
    if (!to.writable) return;
    const from = direction === "up" ? this.client : this.backend;
    const room = to.write(bytes, () => {
      this.passed[direction] += bytes.length;
      this.#onActivity();
    });
    if (room) return;
    from.pause();
    to.once("drain", () => from.resume());
  }

  #receiver(direction: Direction): Socket {
    return direction === "up" ? this.backend : this.client;
  }
}
