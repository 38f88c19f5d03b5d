import type { OpenStream } from "./stream.js";

/**
 * The windows we opened to the peer (RFC 9113 §6.9). Content is counted and let go at once, so a window that is half used
 * is filled up again; but only when output is taken: what the peer has not been told of it cannot have used.
 */
export class ReceiveWindows {
  readonly connectionSize: number;
  readonly streamSize: number;
  #connectionUsed = 0;
  readonly #halfUsed: OpenStream[] = [];

  constructor(connectionSize: number, streamSize: number) {
    this.connectionSize = connectionSize;
    this.streamSize = streamSize;
  }

  /** `false`: the peer went beyond the connection's window. */
  useConnection(length: number): boolean {
    this.#connectionUsed += length;
    return this.#connectionUsed <= this.connectionSize;
  }

  /** `false`: the peer went beyond the stream's window. */
  useStream(stream: OpenStream, length: number): boolean {
    const before = stream.windowUsed * 2;
    stream.windowUsed += length;
    if (before < this.streamSize && stream.windowUsed * 2 >= this.streamSize) this.#halfUsed.push(stream);
    return stream.windowUsed <= this.streamSize;
  }

  /** Something waits for {@link refill}. */
  get due(): boolean {
    return this.#connectionUsed * 2 >= this.connectionSize || this.#halfUsed.length > 0;
  }

  /** Gives the increments to announce, stream 0 for the connection. */
  refill(isOpen: (stream: OpenStream) => boolean, announce: (stream: number, increment: number) => void): void {
    if (this.#connectionUsed * 2 >= this.connectionSize) {
      announce(0, this.#connectionUsed);
      this.#connectionUsed = 0;
    }
    for (const stream of this.#halfUsed.splice(0)) {
      if (isOpen(stream)) announce(stream.id, stream.windowUsed);
      stream.windowUsed = 0;
    }
  }
}
