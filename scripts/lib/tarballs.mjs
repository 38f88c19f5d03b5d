import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "../build.mjs";
import { pnpm } from "../pnpm.mjs";
import { manifest, packageDirs } from "./workspace.mjs";

/**
 * The tarballs of all packages that are published, by name: built and packed into `folder`.
 *
 * @param {string} folder
 * @param {{ reuse?: boolean }} [options] `reuse`: takes those that are there already, if there are any
 * @returns {Promise<Record<string, string>>}
 */
export async function packTarballs(folder, { reuse = false } = {}) {
  mkdirSync(folder, { recursive: true });
  const dirs = packageDirs().filter((dir) => manifest(dir).private !== true);
  if (!reuse || !readdirSync(folder).some((file) => file.endsWith(".tgz"))) {
    // Not the benches: an image is built without them.
    await build(dirs);
    for (const dir of dirs) {
      const { code, output } = await pnpm(["pack", "--pack-destination", folder], { cwd: dir, quiet: true });
      if (code !== 0) throw new Error(`${manifest(dir).name} could not be packed:\n${output}`);
    }
  }
  return Object.fromEntries(
    dirs.map((dir) => {
      const { name, version } = manifest(dir);
      const file = join(folder, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`);
      if (!existsSync(file)) throw new Error(`no ${file}`);
      return [name, file];
    }),
  );
}
