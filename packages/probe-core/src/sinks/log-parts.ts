import { createReadStream, createWriteStream, readdirSync, renameSync, rmSync, statSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { systemErrorCode } from "./system-error-code.js";

interface Part {
  name: string;
  bytes: number;
}

/** `run.jsonl.0001`, and `run.jsonl.0001.gz` when it is packed. */
const PART = /\.(\d{4,})(\.gz)?$/;

/** The earlier parts of a log that was written in parts, oldest first; the file itself comes after them. */
export function logParts(path: string): string[] {
  const own = basename(path);
  let names: string[];
  try {
    names = readdirSync(dirname(path)).filter(
      (name) => name.startsWith(`${own}.`) && PART.test(name.slice(own.length)),
    );
  } catch {
    return [];
  }
  const numberOf = (name: string): number => Number(PART.exec(name)?.[1]);
  const byNumber = new Map<number, string>();
  // A process that was killed while it packed left the plain part behind, and that one is whole.
  for (const name of names.sort()) if (!byNumber.has(numberOf(name))) byNumber.set(numberOf(name), name);
  return [...byNumber].sort(([a], [b]) => a - b).map(([, name]) => join(dirname(path), name));
}

/** Packs the finished parts of a log and removes the oldest of them where all together are too many bytes. */
export class LogParts {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #parts: Part[] = [];
  #beingPacked: { readonly part: Part; readonly stop: AbortController } | null = null;
  #count = 0;
  #packing: Promise<void> = Promise.resolve();
  #removed = 0;
  #failed: string | null = null;

  constructor(path: string, maxBytes: number) {
    this.#path = path;
    this.#maxBytes = maxBytes;
  }

  /** The file in use is ended at this size: with another one of it being packed, half of all is left for the packed ones. */
  get partBytes(): number {
    return Math.max(4_096, Math.floor(this.#maxBytes / 4));
  }

  /** Parts ended so far, removed ones included. */
  get count(): number {
    return this.#count;
  }

  get removed(): number {
    return this.#removed;
  }

  get failed(): string | null {
    return this.#failed;
  }

  /** Name for the part that ends now. */
  nextName(): string {
    return `${this.#path}.${String(this.#count + 1).padStart(4, "0")}`;
  }

  /** It has that name now. */
  ended(name: string, bytes: number): void {
    this.#count += 1;
    const part = { name, bytes };
    this.#parts.push(part);
    this.#fit();
    this.#packing = this.#packing.then(() => this.#pack(part));
  }

  /** Resolves when all parts are packed. */
  async settled(): Promise<void> {
    await this.#packing;
  }

  async #pack(part: Part): Promise<void> {
    if (!this.#parts.includes(part)) return;
    const stop = new AbortController();
    this.#beingPacked = { part, stop };
    const packed = `${part.name}.gz`;
    const unfinished = `${part.name}.packing`;
    try {
      const output = createWriteStream(unfinished, { flags: "wx", mode: 0o600 });
      await pipeline(createReadStream(part.name), createGzip(), output, { signal: stop.signal });
      stop.signal.throwIfAborted();
      renameSync(unfinished, packed);
      unlinkSync(part.name);
      part.name = packed;
      part.bytes = statSync(packed).size;
    } catch (error) {
      // Removed meanwhile. Otherwise it stays as it is: larger, and as good.
      if (stop.signal.aborted) rmSync(unfinished, { force: true });
      else this.#failed = systemErrorCode(error);
    }
    this.#beingPacked = null;
    this.#fit();
  }

  #fit(): void {
    // Beside the file in use, and what is half packed, which is text and takes less than a quarter of its part.
    const room = this.#maxBytes - Math.ceil(this.partBytes * 1.25);
    while (this.#parts.length > 1 && this.#parts.reduce((sum, { bytes }) => sum + bytes, 0) > room) {
      const oldest = this.#parts.shift();
      if (oldest === undefined) return;
      // On a machine with no time for packing, waiting for it would let the others grow without bound.
      if (oldest === this.#beingPacked?.part) this.#beingPacked.stop.abort();
      try {
        unlinkSync(oldest.name);
        this.#removed += 1;
      } catch (error) {
        this.#failed = systemErrorCode(error);
      }
    }
  }
}
