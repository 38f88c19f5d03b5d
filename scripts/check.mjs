// npm run check: everything that can be said about the code without running it. One line a step; a step that
// fails shows its whole output.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { arrows } from "./lib/arrows.mjs";
import { finish, seconds, tool } from "./lib/proc.mjs";
import { tidy } from "./lib/tidy.mjs";
import { manifest, packageDirs } from "./lib/workspace.mjs";
import { setup } from "./setup.mjs";

const quiet = { quiet: true };
const tsc = (...args) => tool("typescript/bin/tsc", args, quiet);

/** @type {[name: string, what: string, step: () => Promise<{ code: number, output: string }>][]} */
const STEPS = [
  ["dependencies", "in step with the lockfile", () => attempt(setup)],
  ["types", "tsc -b, and the tests beside the sources", types],
  ["pure types", "pure folders compile without Node", () => tsc("-p", "packages/probe-core/tsconfig.pure.json")],
  ["lint and format", "biome", () => tool("@biomejs/biome/bin/biome", ["check", "--error-on-warnings", "."], quiet)],
  ["arrows", "which folder imports which", arrows],
  ["dead code", "knip", () => tool("knip/bin/knip.js", ["--no-progress"], quiet)],
  ["package shape", "publint", packageShape],
  ["tidy", "sizes, time, paths", async () => asResult(tidy())],
];

async function types() {
  const built = await attempt(build);
  return built.code === 0 ? tsc("-p", "tsconfig.check.json") : built;
}

async function packageShape() {
  const problems = [];
  for (const dir of packageDirs()) {
    if (manifest(dir).private === true) continue;
    for (const file of ["README.md", "LICENSE"]) {
      if (!existsSync(join(dir, file))) problems.push(`${manifest(dir).name}: no ${file}`);
    }
    const { code, output } = await tool("publint/src/cli.js", ["--strict", "--pack", "false", dir], quiet);
    if (code !== 0) problems.push(output);
  }
  return asResult(problems);
}

async function attempt(step) {
  try {
    await step();
    return asResult([]);
  } catch (error) {
    return asResult([error.message]);
  }
}

function asResult(problems) {
  return { code: problems.length === 0 ? 0 : 1, output: `${problems.join("\n")}\n` };
}

let passed = 0;
let failed = 0;
for (const [name, what, step] of STEPS) {
  const startedMs = performance.now();
  const { code, output } = await step();
  console.log(`${code === 0 ? "ok  " : "FAIL"} ${name.padEnd(16)} ${seconds(startedMs).padStart(7)}  ${what}`);
  if (code === 0) passed += 1;
  else {
    failed += 1;
    console.log(output.trimEnd());
    if (step === STEPS[0]?.[2]) break;
  }
}
finish(passed, failed);
