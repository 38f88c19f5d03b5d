import { Meter } from "./meter.js";
import type { Sample } from "./sample.js";

/** How a contender is to work. */
export interface Load {
  readonly ops: number;
  /** Open loop: so many operations begin each second, whatever became of the others. `null`: closed loop. */
  readonly ratePerSecond: number | null;
  /** Closed loop: so many are under way at once. */
  readonly concurrency: number;
}

/** Drives an operation. It resolves when it worked and is over, and rejects when it failed. */
export async function drive(load: Load, operation: () => Promise<void>): Promise<Sample> {
  const meter = new Meter(load.ops);
  let running = true;
  let underWay = 0;
  const one = async (): Promise<void> => {
    underWay += 1;
    try {
      await operation();
      meter.count(true);
    } catch {
      meter.count(false);
    }
    underWay -= 1;
  };
  if (load.ratePerSecond === null) {
    const worker = async (): Promise<void> => {
      while (running) await one();
    };
    for (let index = 0; index < load.concurrency; index += 1) void worker();
  } else {
    const intervalMs = 1000 / load.ratePerSecond;
    const startMs = performance.now();
    let begun = 0;
    const tick = (): void => {
      for (const now = performance.now(); startMs + begun * intervalMs <= now; begun += 1) void one();
      if (running) setTimeout(tick, Math.max(1, startMs + begun * intervalMs - performance.now()));
    };
    tick();
  }
  await meter.finished;
  running = false;
  // What is still under way belongs to this repetition, and must not trouble the next one.
  while (underWay > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  return meter.sample;
}
