// npm test: install, build, check the arrows between folders, run the tests. Arguments go to vitest instead:
// `npm test -- packages/probe-core/src/h2`.
import { build } from "./build.mjs";
import { arrows } from "./lib/arrows.mjs";
import { finish } from "./lib/proc.mjs";
import { vitest } from "./lib/vitest.mjs";

const args = process.argv.slice(2);
const projects = args.some((arg) => arg.startsWith("--project"))
  ? []
  : ["unit", "socket", "repo"].map((name) => `--project=${name}`);

let passed = 0;
let failed = 0;
try {
  await build();
  passed += 1;
  if (args.length === 0) {
    const { code, output } = await arrows();
    console.log(output.trim());
    if (code === 0) passed += 1;
    else failed += 1;
  }
  const counts = await vitest([...projects, ...args]);
  passed += counts.passed;
  failed += counts.failed;
  if (counts.skipped > 0) console.log(`${counts.skipped} skipped: they need something this machine does not have`);
} catch (error) {
  console.error(error.message);
  failed += 1;
}
finish(passed, failed);
