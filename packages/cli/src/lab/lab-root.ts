import { mkdirSync, rmdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { stopLeftovers, TIERS } from "@drainprobe/testbed";

/** The one folder below which every lab of this user is: made if it is not there. */
export function labRoot(): string {
  const root = join(tmpdir(), `drainprobe-lab-${userInfo().uid}`);
  mkdirSync(root, { recursive: true, mode: 0o700 });
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
