// Writes docs/api, the reference of everything the packages export, from its comments. With `--check` it writes nothing and fails
// where the reference is not up to date. Both fail where an export has no comment.
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finish, ROOT, tool } from "./lib/proc.mjs";
import { undocumented } from "./lib/undocumented.mjs";
import { filesBelow } from "./lib/workspace.mjs";

const API = join(ROOT, "docs/api");
const ENTRIES = "packages/probe-core/src/entries";
const ENTRY_POINTS = [
  "packages/probe-core/src/index.ts",
  "packages/probe-core/src/kube/index.ts",
  ...readdirSync(join(ROOT, ENTRIES)).map((file) => `${ENTRIES}/${file}`),
  "packages/testbed/src/index.ts",
].map((file) => join(ROOT, file));

let passed = 0;
let failed = 0;
function check(what, problems) {
  console.log(`${problems.length === 0 ? "ok  " : "FAIL"} ${what}`);
  for (const problem of problems) console.log(`  ${problem}`);
  if (problems.length === 0) passed += 1;
  else failed += 1;
}

const read = (dir, file) => (existsSync(join(dir, file)) ? readFileSync(join(dir, file), "utf8") : null);

check("every export has a comment", undocumented(ENTRY_POINTS));
const temp = mkdtempSync(join(tmpdir(), "drainprobe-api-"));
try {
  const { code, output } = await tool("typedoc/bin/typedoc", ["--out", temp], { quiet: true });
  if (code !== 0) check("typedoc", output.split("\n"));
  else if (process.argv.includes("--check")) {
    const files = new Set([...filesBelow(temp), ...(existsSync(API) ? filesBelow(API) : [])]);
    const stale = [...files].filter((file) => read(temp, file) !== read(API, file)).sort();
    check("docs/api is up to date (node scripts/api.mjs)", stale);
  } else {
    rmSync(API, { recursive: true, force: true });
    cpSync(temp, API, { recursive: true });
    check(`docs/api: ${filesBelow(API).length} pages`, []);
  }
} finally {
  rmSync(temp, { recursive: true, force: true });
}
finish(passed, failed);
