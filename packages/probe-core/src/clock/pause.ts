import { setTimeout as wait } from "node:timers/promises";

/** Resolves after so many ms. It keeps the process alive: what waits has something to finish. */
export function pause(ms: number): Promise<void> {
  return wait(ms);
}
