// Builds every package: `dist/` beside each `src/`.
import { chmodSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT, tool } from "./lib/proc.mjs";
import { filesBelow, packageDirs } from "./lib/workspace.mjs";
import { setup } from "./setup.mjs";

/** Removes what was compiled from a source that is no longer there: it would be packed, and could be imported. */
function prune() {
  for (const dir of packageDirs()) {
    const dist = join(dir, "dist");
    if (!existsSync(dist)) continue;
    for (const file of filesBelow(dist)) {
      const source = file.replace(/\.(js|d\.ts)(\.map)?$/, ".ts");
      if (source !== file && !existsSync(join(dir, "src", source))) rmSync(join(dist, file));
    }
  }
}

/**
 * Installs what is missing and compiles what has changed: everything, or `projects` and what they refer to. Throws with the
 * compiler's output where that fails.
 *
 * @param {readonly string[]} [projects]
 */
export async function build(projects = []) {
  await setup();
  prune();
  const { code, output } = await tool("typescript/bin/tsc", ["-b", ...projects], { quiet: true });
  if (code !== 0) throw new Error(`tsc -b failed:\n${output}`);
  const bin = join(ROOT, "packages/cli/dist/bin.js");
  if (existsSync(bin)) chmodSync(bin, 0o755);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    await build();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
