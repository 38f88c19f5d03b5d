import { encodeLine } from "./line-encoder.js";

/** Lines are put one behind the other into pieces of memory of this size. */
const SLAB_BYTES = 256 * 1024;
/** A new slab is begun where less than this is left: hardly a record is longer. */
const ROOM_BYTES = 4 * 1024;
const EMPTY = new Uint8Array(0);

/** Lines on their way to a file, in order. They lie outside the collector's heap, as bytes, from the start. */
export class LineQueue {
  readonly #limit: number;
  readonly #chunks: Uint8Array[] = [];
  #slab: Uint8Array = EMPTY;
  /** What of the slab is in a chunk already, and what is filled. A chunk is a view: the slab is not written there again. */
  #start = 0;
  #end = 0;
  /** A slab whose bytes are all written, to be filled again: fresh memory costs the kernel more than the bytes put there. */
  #spare: Uint8Array | null = null;
  #bytes = 0;

  /** `limit`: bytes from which on it is full. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get full(): boolean {
    return this.#bytes >= this.#limit;
  }

  get empty(): boolean {
    return this.#bytes === 0;
  }

  /** Is there more to write than the slab that is still being filled? */
  get hasWholeChunk(): boolean {
    return this.#chunks.length > 0;
  }

  /** A record as a line of JSON. */
  push(record: object): void {
    if (this.#slab.length - this.#end < ROOM_BYTES) this.#nextSlab(SLAB_BYTES);
    let end = encodeLine(record, this.#slab, this.#end);
    if (end > this.#slab.length) {
      const length = end - this.#end;
      this.#nextSlab(Math.max(SLAB_BYTES, length));
      end = encodeLine(record, this.#slab, 0);
    }
    this.#bytes += end - this.#end;
    this.#end = end;
  }

  /** Lines that are encoded already, without the last line feed. */
  pushLines(lines: string): void {
    const bytes = Buffer.from(`${lines}\n`, "utf8");
    this.#cut();
    this.#chunks.push(bytes);
    this.#bytes += bytes.length;
  }

  /** The bytes to write next, `null` when there are none. They stay until {@link took}. */
  first(): Uint8Array | null {
    if (this.#chunks.length === 0) this.#cut();
    return this.#chunks[0] ?? null;
  }

  /** So many bytes of the first chunk are written. */
  took(count: number): void {
    const chunk = this.#chunks[0];
    if (chunk === undefined) return;
    this.#bytes -= count;
    if (count < chunk.length) {
      this.#chunks[0] = chunk.subarray(count);
      return;
    }
    this.#chunks.shift();
    const { buffer } = chunk;
    if (buffer.byteLength !== SLAB_BYTES || buffer === this.#slab.buffer) return;
    if (!this.#chunks.some((other) => other.buffer === buffer)) this.#spare = new Uint8Array(buffer);
  }

  /** Empties it; tells how many bytes and line ends were in it. */
  discard(): { readonly bytes: number; readonly lines: number } {
    const bytes = this.#bytes;
    let lines = 0;
    for (let chunk = this.first(); chunk !== null; chunk = this.first()) {
      for (const byte of chunk) if (byte === 0x0a) lines += 1;
      this.took(chunk.length);
    }
    return { bytes, lines };
  }

  /** Makes a chunk of what the slab got since the last one. */
  #cut(): void {
    if (this.#end === this.#start) return;
    this.#chunks.push(this.#slab.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }

  #nextSlab(length: number): void {
    this.#cut();
    const spare = length === SLAB_BYTES ? this.#spare : null;
    if (spare !== null) this.#spare = null;
    this.#slab = spare ?? new Uint8Array(length);
    this.#start = 0;
    this.#end = 0;
  }
}
