import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import type { Clock } from "../../clock/clock.js";
import type { Nanos } from "../../events/index.js";
import { LIMITS } from "../../limits.js";
import { repeat } from "./repeat.js";

/** How a file is followed. */
export interface FollowOptions {
  readonly file: string;
  readonly pollNs: Nanos;
  readonly clock: Clock;
  /** A whole line without its line feed. `sinceNs`: it was not there that long ago. */
  readonly onLine: (line: string, sinceNs: Nanos) => void;
  /** It cannot be read, or can be read again after that (`null`). */
  readonly onProblem: (code: string | null) => void;
}

const CHUNK = 64 * 1024;

/**
 * Follows a text file as `tail -F` does: what is there at the start is skipped; what is appended is told line by line, an unfinished
 * line when it is finished. A file that appears later is read from its beginning; one that is rotated away is read to its end
 * before its successor; one that was truncated is read from its beginning again. A file that was truncated and has grown beyond what was
 * read, all between two looks, cannot be told from one that has grown. Returns what stops it.
 */
export function followFile(options: FollowOptions): () => Promise<void> {
  const follower = new Follower(options);
  const stop = repeat(options.clock, options.pollNs, () => follower.look());
  return async () => {
    await stop();
    await follower.close();
  };
}

class Follower {
  readonly #options: FollowOptions;
  readonly #buffer = Buffer.allocUnsafe(CHUNK);
  #handle: FileHandle | null = null;
  #inode: bigint | null = null;
  #offset = 0;
  #partial = "";
  #decoder = new TextDecoder();
  #skipping = false;
  #first = true;
  #lookedAt: Nanos;
  #problem: string | null = null;

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#lookedAt = options.clock.now();
  }

  async look(): Promise<void> {
    const began = this.#options.clock.now();
    try {
      await this.#look();
      this.#tell(null);
    } catch (error) {
      this.#tell((error as NodeJS.ErrnoException).code ?? "EIO");
    }
    this.#first = false;
    this.#lookedAt = began;
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close().catch(() => {});
  }

  async #look(): Promise<void> {
    const there = await stat(this.#options.file, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    });
    if (this.#handle !== null && there?.ino !== this.#inode) {
      await this.#readOn();
      await this.close();
    }
    if (this.#handle === null) {
      if (there === null) return;
      // A folder or a pipe in its place is told; neither is read, nor waited for.
      if (!there.isFile())
        throw Object.assign(new Error("not a file"), { code: there.isDirectory() ? "EISDIR" : "EINVAL" });
      this.#handle = await open(this.#options.file, constants.O_RDONLY | constants.O_NONBLOCK);
      const opened = await this.#handle.stat({ bigint: true });
      this.#inode = opened.ino;
      this.#restart(this.#first ? Number(opened.size) : 0);
    }
    await this.#readOn();
  }

  async #readOn(): Promise<void> {
    const handle = this.#handle;
    if (handle === null) return;
    const { size } = await handle.stat();
    if (size < this.#offset) this.#restart(0);
    for (;;) {
      const { bytesRead } = await handle.read(this.#buffer, 0, CHUNK, this.#offset);
      if (bytesRead === 0) return;
      this.#offset += bytesRead;
      this.#take(this.#decoder.decode(this.#buffer.subarray(0, bytesRead), { stream: true }));
    }
  }

  #restart(offset: number): void {
    this.#offset = offset;
    this.#partial = "";
    // Begun in the middle of a line, that line is not whole.
    this.#skipping = false;
    this.#decoder = new TextDecoder();
  }

  #take(text: string): void {
    const lines = (this.#partial + text).split("\n");
    this.#partial = lines.pop() ?? "";
    for (const line of lines) {
      if (!this.#skipping) this.#options.onLine(line.replace(/\r$/, ""), this.#options.clock.now() - this.#lookedAt);
      this.#skipping = false;
    }
    if (this.#partial.length <= LIMITS.markerLineChars) return;
    this.#partial = "";
    this.#skipping = true;
  }

  #tell(problem: string | null): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.onProblem(problem);
  }
}
