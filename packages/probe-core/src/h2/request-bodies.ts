import type { StreamId } from "../events/index.js";
import { DATA, DEFAULT_WINDOW, FLAG_END_STREAM, MAX_WINDOW } from "./frame.js";
import type { Output } from "./output.js";
import type { OpenStream } from "./stream.js";

/** Sends request bodies as far as the peer's windows allow, the rest as they open (RFC 9113 §6.9). */
export class RequestBodies {
  readonly #output: Output;
  readonly #waiting = new Map<StreamId, OpenStream>();
  #connectionWindow = DEFAULT_WINDOW;

  constructor(output: Output) {
    this.#output = output;
  }

  /** `body` is not copied until it is sent. */
  send(stream: OpenStream, body: Uint8Array, maxFrameSize: number): void {
    stream.body = body;
    this.#waiting.set(stream.id, stream);
    this.#pumpStream(stream, maxFrameSize);
  }

  /** WINDOW_UPDATE of the connection; `false`: beyond 2^31-1. */
  openConnection(increment: number, maxFrameSize: number): boolean {
    this.#connectionWindow += increment;
    if (this.#connectionWindow > MAX_WINDOW) return false;
    this.pump(maxFrameSize);
    return true;
  }

  /** WINDOW_UPDATE of a stream; `false`: beyond 2^31-1. */
  openStream(stream: OpenStream, increment: number, maxFrameSize: number): boolean {
    stream.sendWindow += increment;
    if (stream.sendWindow > MAX_WINDOW) return false;
    if (stream.body !== null) this.#pumpStream(stream, maxFrameSize);
    return true;
  }

  /** Sends what the windows allow now. */
  pump(maxFrameSize: number): void {
    for (const stream of this.#waiting.values()) {
      if (this.#connectionWindow <= 0) return;
      this.#pumpStream(stream, maxFrameSize);
    }
  }

  drop(stream: OpenStream): void {
    stream.body = null;
    this.#waiting.delete(stream.id);
  }

  dropById(id: StreamId): void {
    const stream = this.#waiting.get(id);
    if (stream !== undefined) this.drop(stream);
  }

  dropAll(): void {
    for (const stream of this.#waiting.values()) this.drop(stream);
  }

  #pumpStream(stream: OpenStream, maxFrameSize: number): void {
    while (stream.body !== null) {
      const size = Math.min(stream.body.length, stream.sendWindow, this.#connectionWindow, maxFrameSize);
      if (size <= 0) return;
      const last = size === stream.body.length;
      this.#output.frame(size, DATA, last ? FLAG_END_STREAM : 0, stream.id);
      this.#output.bytes(last ? stream.body : stream.body.subarray(0, size));
      stream.sendWindow -= size;
      this.#connectionWindow -= size;
      if (last) this.drop(stream);
      else stream.body = stream.body.subarray(size);
    }
  }
}
