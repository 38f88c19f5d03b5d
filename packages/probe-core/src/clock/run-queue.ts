import { openSync, readSync } from "node:fs";
import type { Nanos } from "../events/index.js";

/** More than the file's three numbers can take. */
const BYTES = 96;
const SPACE = 0x20;

const buffer = Buffer.alloc(BYTES);
/** One for the thread (a worker has modules of its own), open for as long as the thread lives. */
let schedstat: number | null | undefined;

/**
 * How long this thread has waited for a core while it could run, in all: integer ns that never run backwards. Linux counts it in
 * every thread's `schedstat`; asking costs about 1 µs. 0 for ever where the system does not say.
 */
export function waitedForCore(): Nanos {
  if (schedstat === undefined) schedstat = openSchedstat();
  if (schedstat === null) return 0;
  readSync(schedstat, buffer, 0, BYTES, 0);
  // "on the core, waiting for it, times it got it", in ns.
  const start = buffer.indexOf(SPACE) + 1;
  return Number(buffer.toString("latin1", start, buffer.indexOf(SPACE, start)));
}

function openSchedstat(): number | null {
  try {
    return openSync("/proc/thread-self/schedstat", "r");
  } catch {
    return null;
  }
}
