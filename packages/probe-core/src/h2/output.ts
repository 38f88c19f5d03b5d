import { CLIENT_PREFACE, FRAME_HEADER_BYTES } from "./frame.js";

const SMALLEST_SLAB = 256;
const LARGEST_SLAB = 8192;
const EMPTY = new Uint8Array(0);

/**
 * Bytes waiting to be written. Frames are put one behind the other into a slab, and `take` hands out the part that was
 * filled since, as a view: nothing is copied, and the slab is not written there again. A slab is sized after the traffic,
 * so that ten thousand idle connections hold little.
 */
export class Output {
  #slab: Uint8Array = EMPTY;
  #start = 0;
  #end = 0;

  /** Bytes that `take` would give. */
  get length(): number {
    return this.#end - this.#start;
  }

  take(): Uint8Array | null {
    if (this.#end === this.#start) return null;
    const bytes = this.#slab.subarray(this.#start, this.#end);
    this.#start = this.#end;
    if (this.#slab.length > LARGEST_SLAB) {
      this.#slab = EMPTY;
      this.#start = 0;
      this.#end = 0;
    }
    return bytes;
  }

  preface(): void {
    this.#reserve(CLIENT_PREFACE.length);
    this.#append(CLIENT_PREFACE);
  }

  /** Begins a frame; `payloadLength` bytes must follow. */
  frame(payloadLength: number, type: number, flags: number, stream: number): void {
    this.#reserve(FRAME_HEADER_BYTES + payloadLength);
    const slab = this.#slab;
    let at = this.#end;
    slab[at++] = payloadLength >>> 16;
    slab[at++] = payloadLength >>> 8;
    slab[at++] = payloadLength;
    slab[at++] = type;
    slab[at++] = flags;
    slab[at++] = stream >>> 24;
    slab[at++] = stream >>> 16;
    slab[at++] = stream >>> 8;
    slab[at++] = stream;
    this.#end = at;
  }

  /** Payload of the frame just begun. */
  bytes(bytes: Uint8Array): void {
    this.#append(bytes);
  }

  uint8(value: number): void {
    this.#slab[this.#end++] = value;
  }

  uint16(value: number): void {
    this.uint8(value >>> 8);
    this.uint8(value);
  }

  uint32(value: number): void {
    this.uint16(value >>> 16);
    this.uint16(value);
  }

  #append(bytes: Uint8Array): void {
    this.#slab.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  #reserve(length: number): void {
    if (this.#slab.length - this.#end >= length) return;
    const pending = this.length;
    const size = Math.min(Math.max((pending + length) * 32, SMALLEST_SLAB), LARGEST_SLAB);
    // Bodies outgrow the largest slab: then room doubles, so that each byte is copied a bounded number of times.
    const slab = new Uint8Array(Math.max(size, pending === 0 ? length : (pending + length) * 2));
    slab.set(this.#slab.subarray(this.#start, this.#end), 0);
    this.#slab = slab;
    this.#start = 0;
    this.#end = pending;
  }
}
