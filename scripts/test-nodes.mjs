// Runs the tests that open sockets on every other Node version. Arguments go to vitest.
import { build } from "./build.mjs";
import { finish, run, seconds } from "./lib/proc.mjs";
import { vitest } from "./lib/vitest.mjs";
import { nodeOfMajor, OTHER_MAJORS } from "./node-versions.mjs";

let passed = 0;
let failed = 0;
const lines = [];
try {
  await build();
  for (const major of OTHER_MAJORS) {
    const node = await nodeOfMajor(major);
    const version = (await run(node, ["--version"], { quiet: true })).stdout.trim();
    console.log(`\nNode ${version}`);
    const startedMs = performance.now();
    const counts = await vitest(["--project=socket", ...process.argv.slice(2)], { node });
    lines.push(
      `Node ${version}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped in ${seconds(startedMs)}`,
    );
    passed += counts.passed;
    failed += counts.failed;
  }
} catch (error) {
  console.error(error.message);
  failed += 1;
}
console.log(lines.join("\n"));
finish(passed, failed);
