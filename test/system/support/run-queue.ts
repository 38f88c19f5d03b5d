import { readFileSync } from "node:fs";

/** How long the main thread of a process was ready to run and was not run, in ms, as the kernel counts it; 0 when it is gone. Linux only. */
export function waitedForProcessor(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[1]) / 1e6;
  } catch {
    return 0;
  }
}
