import type { CliIo } from "../io.js";
import { formatClock } from "../text/format.js";
import { printable } from "../text/printable.js";

/** Tells on stderr what a lab is at, with the time since its begin. */
export function labNotes(io: CliIo, quiet: boolean): (text: string) => void {
  const startedMs = performance.now();
  return (text) => {
    if (!quiet) io.stderr.write(`  ${formatClock((performance.now() - startedMs) * 1e6)}  ${printable(text)}\n`);
  };
}
