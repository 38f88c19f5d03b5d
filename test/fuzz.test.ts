import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, run } from "../scripts/lib/proc.mjs";

const FUZZ = join(ROOT, "test/fuzz");
const SEED = process.env.SEED ?? String(Math.floor(Math.random() * 2 ** 32));
const EXECUTIONS: Readonly<Record<string, number>> = { kubeconfig: 300, config: 300, log: 3_000, klog: 3_000 };

describe(`coverage-guided fuzzing, a little of it (seed ${SEED})`, () => {
  const targets = readdirSync(join(FUZZ, "targets")).map((file) => file.replace(/\.mjs$/, ""));

  it.each(targets)("%s: the inputs we keep, and others made of them", async (target) => {
    const executions = String(EXECUTIONS[target] ?? 30_000);
    const args = [join(FUZZ, "fuzz.mjs"), target, "--executions", executions, "--seed", SEED];
    const { code, output } = await run(process.execPath, args, { quiet: true });
    expect(code, output).toBe(0);
    expect(readdirSync(join(FUZZ, "corpus", target)).length, output).toBeGreaterThan(3);
  });
});
