// Runs pnpm with the arguments given, on a machine that may not have it: `node scripts/pnpm.mjs exec vitest`.
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT, run } from "./lib/proc.mjs";

/** The command that starts a pnpm of the major version this workspace is locked with. */
export async function pnpmCommand() {
  const { packageManager } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const wanted = packageManager.slice("pnpm@".length).split("+")[0];
  // Asked outside the workspace: inside it pnpm answers with the version it would switch to.
  const env = { ...process.env, COREPACK_ENABLE_DOWNLOAD_PROMPT: "0", COREPACK_ENABLE_STRICT: "0" };
  const found = await run("pnpm", ["--version"], { cwd: tmpdir(), env, quiet: true, timeoutMs: 10_000 });
  if (found.code === 0 && found.stdout.trim().split(".")[0] === wanted.split(".")[0]) return ["pnpm"];
  return ["npx", "--yes", `pnpm@${wanted}`];
}

/** Runs pnpm in the workspace. */
export async function pnpm(args, options = {}) {
  const [command, ...before] = await pnpmCommand();
  return run(command, [...before, ...args], options);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = (await pnpm(process.argv.slice(2), { cwd: process.cwd() })).code;
}
