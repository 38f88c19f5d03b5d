import type { Timer } from "./clock.js";

/** Runs `run` once, not earlier than `delayMs` from now. Unlike a clock's timer it does not keep the process alive. */
export function backgroundTimer(delayMs: number, run: () => void): Timer {
  const timeout = setTimeout(run, delayMs);
  timeout.unref();
  return { cancel: () => clearTimeout(timeout) };
}

/** Resolves not earlier than `delayMs` from now, and keeps the process alive until then. */
export function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}
