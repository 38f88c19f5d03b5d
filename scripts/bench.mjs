// npm run bench: builds, then measures. What there is: bench/README.md.
import { join } from "node:path";
import { build } from "./build.mjs";
import { ROOT, run } from "./lib/proc.mjs";

await build();
const { code } = await run(process.execPath, [join(ROOT, "bench/dist/main.js"), ...process.argv.slice(2)]);
process.exitCode = code;
