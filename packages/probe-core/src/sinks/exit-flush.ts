/** Something that can save what it holds without waiting. */
export interface ExitFlushable {
  flushSync(): void;
}

const flushables = new Set<ExitFlushable>();

function flushAll(): void {
  for (const flushable of flushables) flushable.flushSync();
}

/** Flushes it when the process exits, whatever the reason, a killing signal apart. One handler serves all. */
export function flushAtExit(flushable: ExitFlushable): void {
  if (flushables.size === 0) process.on("exit", flushAll);
  flushables.add(flushable);
}

/** Leaves no handler behind once nothing is left to flush. */
export function forgetAtExit(flushable: ExitFlushable): void {
  if (flushables.delete(flushable) && flushables.size === 0) process.off("exit", flushAll);
}
