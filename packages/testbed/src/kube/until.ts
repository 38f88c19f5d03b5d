import { setTimeout as pause } from "node:timers/promises";

/**
 * Waits for something in another process that nothing announces: looks every 50 ms and rejects after the bound with what the
 * last look said. `look` gives `null` when it is so, else in words how far things are; it throws when they will never be so.
 */
export async function until(look: () => Promise<string | null>, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  for (;;) {
    const state = await look();
    if (state === null) return;
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${state}`);
    await pause(50);
  }
}
