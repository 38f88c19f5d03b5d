import type { Clock, Timer } from "../../clock/clock.js";
import type { Nanos } from "../../events/index.js";

/**
 * Runs `work` again and again, one at a time, each round beginning `everyNs` after the one before it began or as soon as that has
 * ended. `work` must not throw. What it returns stops it, and resolves when no round runs any more.
 */
export function repeat(clock: Clock, everyNs: Nanos, work: () => Promise<void>): () => Promise<void> {
  let stopped = false;
  let timer: Timer | null = null;
  let running: Promise<void> = Promise.resolve();
  const round = (): void => {
    timer = null;
    const began = clock.now();
    running = work().then(() => {
      if (!stopped) timer = clock.setTimer(Math.max(0, began + everyNs - clock.now()), round);
    });
  };
  round();
  return async () => {
    stopped = true;
    timer?.cancel();
    await running;
  };
}
