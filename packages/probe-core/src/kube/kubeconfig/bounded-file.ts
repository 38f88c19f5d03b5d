import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { LIMITS } from "../../limits.js";

/** Options of {@link readBoundedFile}. */
export interface BoundedFileOptions {
  /** No more than this is read. Default: one byte more than `LIMITS.credentialFileBytes`, which shows a file that is too large. */
  readonly mostBytes?: number;
  /** How long a pipe or a terminal may have nothing to say. 0: not at all, for those who read in the middle of a run. Default `LIMITS.fileWaitMs`. */
  readonly patienceMs?: number;
}

/** A file that is open, and whose end is not seen, waits so long between two looks. */
const LOOK_EVERY_MS = 10;

/**
 * Reads a file that is named by whoever started us, and may be anything: a pipe (`<(command)`), a device without end, a file of gigabytes.
 * Holds the thread, but never for longer than `patienceMs` without a byte. Throws the system's error; `EAGAIN`: nothing came.
 */
export function readBoundedFile(file: string, options: BoundedFileOptions = {}): Buffer {
  const { mostBytes = LIMITS.credentialFileBytes + 1, patienceMs = LIMITS.fileWaitMs } = options;
  // Opening a pipe that nobody writes to would else hold this thread for ever.
  const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const isPipe = fstatSync(descriptor).isFIFO();
    const chunks: Buffer[] = [];
    let total = 0;
    let waitedMs = 0;
    while (total < mostBytes) {
      const chunk = Buffer.allocUnsafe(Math.min(64 * 1024, mostBytes - total));
      const count = readNow(descriptor, chunk);
      if (count !== null && count > 0) {
        chunks.push(chunk.subarray(0, count));
        total += count;
        waitedMs = 0;
        continue;
      }
      // The end, but for a pipe that nobody has opened yet.
      if (count === 0 && !(isPipe && total === 0)) break;
      if (waitedMs >= patienceMs) throw Object.assign(new Error("nothing came"), { code: "EAGAIN" });
      waitedMs += LOOK_EVERY_MS;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_EVERY_MS);
    }
    return Buffer.concat(chunks);
  } finally {
    closeSync(descriptor);
  }
}

/** `null`: nothing yet. */
function readNow(descriptor: number, chunk: Buffer): number | null {
  try {
    return readSync(descriptor, chunk);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") return null;
    throw error;
  }
}
