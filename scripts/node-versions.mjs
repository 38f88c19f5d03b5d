// Fetches the other Node versions the tests run on, as the npm package `node`, into the user's cache.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { run } from "./lib/proc.mjs";

/** Beside the one this runs on. Each reports resets in its own way: see docs/engines.md. */
export const OTHER_MAJORS = [22, 24, 26];

const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "drainprobe", "node");

/** Path of a Node of that major version, fetched if it is not there. Throws with npm's output where that fails. */
export async function nodeOfMajor(major) {
  const dir = join(CACHE, String(major));
  const binary = join(dir, "node_modules", ".bin", "node");
  if (!existsSync(binary)) {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, "package.json"), "{}\n");
    const args = ["install", "--no-audit", "--no-fund", "--prefix", dir, `node@${major}`];
    const { code, output } = await run("npm", args, { cwd: dir, quiet: true });
    if (code !== 0) throw new Error(`npm ${args.join(" ")} failed:\n${output}`);
  }
  const { stdout } = await run(binary, ["--version"], { quiet: true });
  if (!stdout.startsWith(`v${major}.`)) throw new Error(`${binary} is ${stdout.trim() || "not a Node"}`);
  return binary;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const major of OTHER_MAJORS) console.log(await nodeOfMajor(major));
}
