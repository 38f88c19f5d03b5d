import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Names the directory under which every file and every process of a run lives. Set by `scripts/system.mjs`. */
export const RUN_DIR_VARIABLE = "DRAINPROBE_SYSTEM_DIR";

/**
 * A new directory for one server, capture or log.
 *
 * A process started in it is ours as long as its working directory is: that is how descendants are found again, also
 * the ones that outlive their parent.
 */
export function makeDir(name: string): string {
  return mkdtempSync(join(rootDir(), `${name}-`));
}

let root: string | null = null;

/** The script's, or one of our own that goes with this process. */
function rootDir(): string {
  if (root !== null) return root;
  const given = process.env[RUN_DIR_VARIABLE];
  if (given !== undefined) {
    mkdirSync(given, { recursive: true });
    root = given;
    return root;
  }
  const own = mkdtempSync(join(tmpdir(), "drainprobe-system-"));
  process.once("exit", () => rmSync(own, { recursive: true, force: true }));
  root = own;
  return root;
}
