import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  open as openCallback,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  statSync,
  write,
  writeSync,
} from "node:fs";
import { promisify } from "node:util";
import { pause } from "../clock/background-timer.js";
import { wallNowMs } from "../clock/wall-now.js";
import { DrainprobeError } from "../errors.js";
import { systemErrorCode } from "./system-error-code.js";

// Not blocking this thread: a pipe may have no reader yet.
const open = promisify(openCallback);

const OWNER_ONLY = 0o600;
/** A run writes to its log more often than this. */
const QUIET_MS = 15_000;
/** How long a pipe's reader is waited for. */
const READER_MS = 10_000;
const AGAIN_MS = 50;
const TAIL_BYTES = 64 * 1024;

/**
 * A file that only grows, written by one writer at explicit positions: a write repeated at exit, while the same one may still be
 * under way in the thread pool, puts the same bytes in the same place.
 */
export class AppendFile {
  readonly #path: string;
  #fd: number;
  /** Pipes and devices have no positions. */
  readonly #seekable: boolean;
  #position = 0;
  /** Somebody has taken away what was written. */
  #cut = false;

  private constructor(path: string, fd: number, seekable: boolean) {
    this.#path = path;
    this.#fd = fd;
    this.#seekable = seekable;
  }

  /**
   * Creates the file, readable by its owner only. Where an older one is to be replaced, a new file takes its name, so that two
   * writers can never mix their bytes. Throws `LOG_UNWRITABLE`, also for a log that another run seems to be writing.
   */
  static async create(path: string, overwrite: boolean): Promise<AppendFile> {
    try {
      const fd = overwrite ? await replace(path) : await open(path, "wx", OWNER_ONLY);
      return new AppendFile(path, fd, fstatSync(fd).isFile());
    } catch (cause) {
      if (cause instanceof DrainprobeError) throw cause;
      const code = systemErrorCode(cause);
      const why = code === "EEXIST" ? "it exists already, and overwriting was not asked for" : code;
      throw new DrainprobeError("LOG_UNWRITABLE", `cannot create the log ${path}: ${why}`, { cause });
    }
  }

  /**
   * Hands bytes to the kernel, perhaps not all of them. Never two at once. `done` is called when the position has moved by the
   * bytes that were taken, with the code of what went wrong or `null`.
   */
  append(bytes: Uint8Array, done: (taken: number, code: string | null) => void): void {
    this.#look();
    write(this.#fd, bytes, 0, bytes.length, this.#at(), (error, taken) => {
      if (error !== null) return done(0, systemErrorCode(error));
      this.#position += taken;
      done(taken, taken === 0 && bytes.length > 0 ? "EIO" : null);
    });
  }

  /** Writes now, at the end of what is known to be written. For the end of the process. */
  appendSync(bytes: Uint8Array): string | null {
    try {
      for (let written = 0; written < bytes.length; ) {
        const taken = writeSync(this.#fd, bytes, written, bytes.length - written, this.#at());
        if (taken === 0) return "EIO";
        written += taken;
        this.#position += taken;
      }
      return null;
    } catch (error) {
      return systemErrorCode(error);
    }
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#position;
  }

  /** May a write whose end was not awaited be made again? Only then has the file a name of its own to be moved to. */
  get repeatable(): boolean {
    return this.#seekable;
  }

  /** What was written so far gets another name, and a new file takes the old one. Not while an append is under way. */
  moveOn(name: string): string | null {
    try {
      renameSync(this.#path, name);
      const next = openSync(this.#path, "wx", OWNER_ONLY);
      closeSync(this.#fd);
      this.#fd = next;
      this.#position = 0;
      return null;
    } catch (error) {
      return systemErrorCode(error);
    }
  }

  /** `ESTALE`: somebody else has removed it, cut it, or put another file in its place. */
  close(): string | null {
    this.#look();
    try {
      const replaced = this.#seekable && !isSame(this.#fd, this.#path);
      closeSync(this.#fd);
      return replaced || this.#cut ? "ESTALE" : null;
    } catch (error) {
      return systemErrorCode(error);
    }
  }

  /** A file that was cut grows again by the next write, with nothing where the old bytes were: it has to be seen before. */
  #look(): void {
    try {
      this.#cut ||= this.#seekable && fstatSync(this.#fd).size < this.#position;
    } catch {
      // The write that follows tells what is wrong.
    }
  }

  #at(): number | null {
    return this.#seekable ? this.#position : null;
  }
}

async function replace(path: string): Promise<number> {
  const old = statSync(path, { throwIfNoEntry: false });
  if (old !== undefined && !old.isFile()) return openSpecial(path);
  if (old !== undefined && wallNowMs() - old.mtimeMs < QUIET_MS && isUnfinishedLog(path)) {
    const why = `another run seems to be writing it; if that was killed, wait ${QUIET_MS / 1000} s`;
    throw new DrainprobeError("LOG_UNWRITABLE", `cannot create the log ${path}: ${why}`);
  }
  const place = old === undefined ? path : realpathSync(path);
  const own = `${place}.new-${process.pid}-${randomUUID()}`;
  let fd: number;
  try {
    fd = await open(own, "wx", OWNER_ONLY);
  } catch (error) {
    // A folder where we may create nothing, with a file in it that we may write.
    if (old === undefined) throw error;
    fd = await open(place, "w", OWNER_ONLY);
    fchmodSync(fd, OWNER_ONLY);
    return fd;
  }
  renameSync(own, place);
  return fd;
}

/**
 * A pipe or a device. A reader that stops reading must not keep a thread of ours for ever, so nothing blocks: what it does not take
 * now is offered again, like everything that a full disk refuses.
 */
async function openSpecial(path: string): Promise<number> {
  for (let left = READER_MS / AGAIN_MS; ; left--) {
    try {
      return await open(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      // A pipe that nobody reads yet.
      if (systemErrorCode(error) !== "ENXIO" || left <= 0) throw error;
      await pause(AGAIN_MS);
    }
  }
}

/** It begins as a log does, and does not end as one. */
function isUnfinishedLog(path: string): boolean {
  let fd: number | null = null;
  try {
    fd = openSync(path, "r");
    const { size } = fstatSync(fd);
    const bytes = Buffer.alloc(TAIL_BYTES);
    const head = bytes.toString("latin1", 0, readSync(fd, bytes, 0, 64, 0));
    const tail = bytes.toString("latin1", 0, readSync(fd, bytes, 0, TAIL_BYTES, Math.max(0, size - TAIL_BYTES)));
    return head.startsWith('{"kind":"run.header"') && !/^\{"kind":"(run\.footer|verdict)"/m.test(tail);
  } catch {
    return false;
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

function isSame(fd: number, path: string): boolean {
  const [own, named] = [fstatSync(fd), statSync(path, { throwIfNoEntry: false })];
  return named !== undefined && named.ino === own.ino && named.dev === own.dev;
}
