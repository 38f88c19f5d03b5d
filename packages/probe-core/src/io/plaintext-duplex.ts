import { Duplex } from "node:stream";

/** The connection under a {@link PlaintextDuplex}. */
export interface PlaintextCarrier {
  /** Calls back when the kernel has taken the bytes, or at once where the connection has ended. */
  writeThen(bytes: Uint8Array, done: (error?: Error | null) => void): void;
  /** The user of the duplex ended or destroyed it. */
  engineClosed(): void;
}

/** A witnessed connection as `node:http2` wants it: a Duplex. */
export class PlaintextDuplex extends Duplex {
  readonly #carrier: PlaintextCarrier;

  constructor(carrier: PlaintextCarrier) {
    super({ allowHalfOpen: true });
    this.#carrier = carrier;
  }

  override _read(): void {
    // Bytes are pushed as they come. HTTP/2's flow control bounds what may wait here.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#carrier.writeThen(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#carrier.engineClosed();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#carrier.engineClosed();
    done(error);
  }
}
