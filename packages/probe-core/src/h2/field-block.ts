import { FLAG_END_HEADERS } from "./frame.js";

/** A field block that comes in HEADERS and CONTINUATION frames (RFC 9113 §4.3, §6.10). Bounded in bytes. */
export class FieldBlock {
  readonly #maxBytes: number;
  #stream = 0;
  #endStream = false;
  #parts: Uint8Array[] = [];
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Stream whose block is unfinished, or 0: only its CONTINUATION may come now. */
  get openOn(): number {
    return this.#stream;
  }

  /** The HEADERS frame carried END_STREAM. */
  get endStream(): boolean {
    return this.#endStream;
  }

  begin(stream: number, endStream: boolean): void {
    this.#stream = stream;
    this.#endStream = endStream;
  }

  /** Keeps a copy of the fragment; `false` when the block has grown too large. */
  append(fragment: Uint8Array): boolean {
    this.#length += fragment.length;
    if (this.#length > this.#maxBytes) return false;
    if (fragment.length > 0) this.#parts.push(fragment.slice());
    return true;
  }

  /** The whole block, once a frame with END_HEADERS was appended. */
  finish(): Uint8Array {
    const block = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      block.set(part, at);
      at += part.length;
    }
    this.#stream = 0;
    this.#parts = [];
    this.#length = 0;
    return block;
  }
}

export function endsHeaders(flags: number): boolean {
  return (flags & FLAG_END_HEADERS) !== 0;
}
