import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, tool } from "./proc.mjs";

/**
 * Runs vitest once and counts.
 *
 * @param {readonly string[]} args as for `vitest run`
 * @param {{ node?: string, quiet?: boolean, env?: NodeJS.ProcessEnv }} [options] `node`: the Node to run it with
 * @returns {Promise<{ passed: number, failed: number, skipped: number, output: string }>}
 */
export async function vitest(args, options = {}) {
  const dir = mkdtempSync(join(tmpdir(), "drainprobe-count-"));
  const file = join(dir, "counts.json");
  try {
    const { code, output } = await tool(
      "vitest/vitest.mjs",
      ["run", "--reporter=default", `--reporter=${join(ROOT, "scripts/lib/count-reporter.mjs")}`, ...args],
      { ...options, env: { ...process.env, ...options.env, DRAINPROBE_COUNT_FILE: file } },
    );
    const counts = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { passed: 0, failed: 0, skipped: 0 };
    if (code !== 0 && counts.failed === 0) counts.failed = 1;
    return { ...counts, output };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
