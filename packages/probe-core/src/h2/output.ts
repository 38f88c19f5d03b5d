import { CLIENT_PREFACE, FRAME_HEADER_BYTES } from "./frame.js";
import { NO_BYTES } from "./no-bytes.js";

/** Room shared by all connections. */
const SHARED_BYTES = 16 * 1024;
/** Longer output gets room of its own. */
const LONGEST_SHARED = SHARED_BYTES / 4;

let shared = new Uint8Array(SHARED_BYTES);
let sharedEnd = 0;

/**
 * Bytes waiting to be written. Frames are put one behind the other, and `take` hands out the part that was filled since, as a view: nothing
 * is copied, and what was handed out is not written again. Connections fill the same slab one after the other, because most are asked
 * for their bytes in the turn in which they got some, and ten thousand idle ones should hold none.
 */
export class Output {
  #slab: Uint8Array = NO_BYTES;
  #start = 0;
  #end = 0;
  /** The slab is ours up to here. */
  #limit = 0;

  /** Bytes that `take` would give. */
  get length(): number {
    return this.#end - this.#start;
  }

  take(): Uint8Array | null {
    if (this.#end === this.#start) return null;
    const bytes = this.#slab.subarray(this.#start, this.#end);
    this.#slab = NO_BYTES;
    this.#start = 0;
    this.#end = 0;
    this.#limit = 0;
    return bytes;
  }

  preface(): void {
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
    if (this.#end === this.#limit) this.#reserve(1);
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
    this.#reserve(bytes.length);
    this.#slab.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  #reserve(length: number): void {
    if (this.#limit - this.#end >= length) return;
    if (this.#slab === shared && this.#limit === sharedEnd && shared.length - this.#end >= length) {
      sharedEnd = this.#end + length;
      this.#limit = sharedEnd;
    } else {
      this.#move(length);
    }
  }

  /** To where there is room for `length` more. */
  #move(length: number): void {
    const pending = this.length;
    const written = pending === 0 ? null : this.#slab.subarray(this.#start, this.#end);
    const total = pending + length;
    if (total > LONGEST_SHARED) {
      // Bodies: room doubles, so that each byte is copied a bounded number of times.
      this.#slab = new Uint8Array(written === null ? total : total * 2);
      this.#start = 0;
      this.#limit = this.#slab.length;
    } else {
      if (shared.length - sharedEnd < total) {
        shared = new Uint8Array(SHARED_BYTES);
        sharedEnd = 0;
      }
      this.#slab = shared;
      this.#start = sharedEnd;
      sharedEnd += total;
      this.#limit = sharedEnd;
    }
    if (written !== null) this.#slab.set(written, this.#start);
    this.#end = this.#start + pending;
  }
}
