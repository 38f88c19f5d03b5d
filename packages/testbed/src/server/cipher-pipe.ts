import type { Socket } from "node:net";
import { Duplex } from "node:stream";

type Written = (error?: Error | null) => void;

/**
 * What TLS stands on: a Duplex that carries ciphertext to and from a raw socket that stays ours. So a fault can hold
 * a TLS record back, write half of it, or end the socket under TLS without TLS saying goodbye.
 */
export class CipherPipe extends Duplex {
  readonly #raw: Socket;
  #captured: Buffer[] | null = null;
  #onCapture: (() => void) | null = null;
  #everyMs: number | null = null;

  constructor(raw: Socket) {
    super({ allowHalfOpen: true });
    this.#raw = raw;
  }

  /** Ciphertext from the peer. */
  feed(bytes: Buffer): void {
    if (!this.destroyed && !this.push(bytes)) this.#raw.pause();
  }

  /** The peer's FIN. */
  feedEnd(): void {
    if (!this.destroyed) this.push(null);
  }

  /** Keeps the next ciphertext back instead of writing it, and gives it out. */
  capture(): Promise<Buffer> {
    this.#captured = [];
    return new Promise((resolve) => {
      this.#onCapture = () => {
        const bytes = Buffer.concat(this.#captured ?? []);
        this.#captured = null;
        this.#onCapture = null;
        resolve(bytes);
      };
    });
  }

  /** From now on one byte at a time. */
  slowDown(everyMs: number): void {
    this.#everyMs = everyMs;
  }

  override _read(): void {
    this.#raw.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, written: Written): void {
    if (this.#captured !== null) {
      this.#captured.push(chunk);
      this.#onCapture?.();
      written();
    } else if (this.#everyMs !== null) {
      this.#trickle(chunk, this.#everyMs, written);
    } else if (this.#raw.writable) {
      this.#raw.write(chunk, written);
    } else {
      written();
    }
  }

  /** TLS ends its side after close_notify; whether a FIN follows is not for TLS to decide. */
  override _final(done: Written): void {
    done();
  }

  #trickle(chunk: Buffer, everyMs: number, written: Written): void {
    let at = 0;
    const timer = setInterval(() => {
      if (at < chunk.length && this.#raw.writable) {
        this.#raw.write(chunk.subarray(at, ++at));
        return;
      }
      clearInterval(timer);
      written();
    }, everyMs);
    this.once("close", () => clearInterval(timer));
  }
}
