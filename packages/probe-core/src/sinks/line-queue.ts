/** Lines are joined as text up to this size, and become bytes then. */
const CHUNK_CHARS = 256 * 1024;

/** Lines on their way to a file, in order. */
export class LineQueue {
  readonly #limit: number;
  #text = "";
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;

  /** `limit`: bytes from which on it is full. Characters count as bytes until they are encoded. */
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
    return this.#text === "" && this.#chunks.length === 0;
  }

  /** Is there more to write than the text that is still being joined? */
  get hasWholeChunk(): boolean {
    return this.#chunks.length > 0;
  }

  push(line: string): void {
    this.#text += `${line}\n`;
    this.#bytes += line.length + 1;
    if (this.#text.length >= CHUNK_CHARS) this.#encode();
  }

  /** The bytes to write next, `null` when there are none. They stay until {@link took}. */
  first(): Uint8Array | null {
    if (this.#chunks.length === 0) this.#encode();
    return this.#chunks[0] ?? null;
  }

  /** So many bytes of the first chunk are written. */
  took(count: number): void {
    const chunk = this.#chunks[0];
    if (chunk === undefined) return;
    this.#bytes -= count;
    if (count >= chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(count);
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

  #encode(): void {
    if (this.#text === "") return;
    const chunk = Buffer.from(this.#text, "utf8");
    this.#bytes += chunk.length - this.#text.length;
    this.#chunks.push(chunk);
    this.#text = "";
  }
}
