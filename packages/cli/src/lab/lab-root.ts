import { lstatSync, mkdirSync, rmdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { stopLeftovers, TIERS } from "@drainprobe/testbed";
import { UsageError } from "../usage-error.js";

/**
 * The one folder below which every lab of this user is: made if it is not there. Its name can be guessed, and everybody may make a
 * folder beside it, so what is there already is taken only if it is ours alone: labs put keys into it, and end the processes it names.
 */
export function labRoot(parent: string = tmpdir()): string {
  const { uid } = userInfo();
  const root = join(parent, `drainprobe-lab-${uid}`);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const found = lstatSync(root);
  if (!found.isDirectory() || (uid >= 0 && (found.uid !== uid || (found.mode & 0o077) !== 0))) {
    throw new UsageError(`${root}: not a folder of this user's alone (mode 0700): remove it, or set TMPDIR`);
  }
  return root;
}

/** Removes what killed labs left; a line for each thing. Labs that run are left alone. */
export async function takeDown(): Promise<readonly string[]> {
  const root = labRoot();
  const { folders, pids } = await stopLeftovers(root);
  const lines = [...pids.map((pid) => `process ${pid} ended`), ...folders.map((folder) => `${folder} removed`)];
  for (const load of Object.values(TIERS)) {
    const tier = await load();
    lines.push(...(await tier.down(root)));
  }
  try {
    rmdirSync(root);
  } catch {
    // A lab runs in it.
  }
  return lines;
}
