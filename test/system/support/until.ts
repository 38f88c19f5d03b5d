import { setTimeout as pause } from "node:timers/promises";

export interface UntilOptions {
  /** Shown when the bound is passed. A function is asked then, so that it can say how far things had come. */
  readonly what: string | (() => string);
  /** Default 10 000. */
  readonly withinMs?: number;
}

/**
 * Waits for something outside this process that nothing announces: looks every 5 ms and rejects after the bound.
 * The pause only spaces the looks; no result depends on its length.
 */
export async function until<T>(look: () => T | Promise<T>, options: UntilOptions): Promise<NonNullable<T>> {
  const withinMs = options.withinMs ?? 10_000;
  const end = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && (seen as unknown) !== false) return seen as NonNullable<T>;
    if (performance.now() > end) {
      const what = typeof options.what === "string" ? options.what : options.what();
      throw new Error(`not within ${withinMs} ms: ${what}`);
    }
    await pause(5);
  }
}
