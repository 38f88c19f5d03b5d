import { Duplex } from "node:stream";
import type { RawSocket } from "./raw-socket.js";

/**
 * Carries ciphertext between a raw socket and `tls.connect`. The socket's life is not its affair: TLS may end or destroy it,
 * and the socket stays, so that its end can still be witnessed.
 */
export class TlsTransport extends Duplex {
  readonly #raw: RawSocket;
  readonly #shutdown: () => void;
  #flowed = false;

  /** `shutdown`: TLS has written its last byte. */
  constructor(raw: RawSocket, shutdown: () => void) {
    super({ allowHalfOpen: true });
    this.#raw = raw;
    this.#shutdown = shutdown;
  }

  /** Ciphertext from the peer. `bytes` may be overwritten afterwards. */
  deliver(bytes: Buffer): void {
    if (this.destroyed || this.readableEnded) return;
    // A flowing stream with nothing waiting hands the chunk on within push(), and TLS copies it there. Before its first chunk a
    // stream may say that it flows and still let it wait.
    const handedOn = this.#flowed && this.readableFlowing === true && this.readableLength === 0;
    this.push(handedOn ? bytes : Buffer.from(bytes));
    this.#flowed = this.readableLength === 0;
  }

  override _read(): void {
    // The socket flows by itself: what waits to be read here is bounded by HTTP/2's flow control.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#raw.write(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    const last = chunks.length - 1;
    this.#raw.cork();
    chunks.forEach(({ chunk }, index) => {
      if (index < last) this.#raw.write(chunk);
      else this.#raw.write(chunk, done);
    });
    this.#raw.uncork();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#shutdown();
    done();
  }
}
