// Runs the projects of docs/examples as a stranger would have them: each in a folder of its own, with the packages installed
// from their tarballs. Arguments name the examples to run; `--tarballs FOLDER` takes tarballs that are there already.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { finish, ROOT, run, seconds } from "./lib/proc.mjs";
import { packTarballs } from "./lib/tarballs.mjs";

/** What each script must end with, and print. */
const RUNS = [
  ["vitest-fastify", "test", 0, /1 passed/],
  [
    "vitest-fastify",
    "wrong",
    1,
    /did not drain cleanly[\s\S]*request.* along[\s\S]*evidence:\n[\s\S]*tcp\.(fin|rst)\.received/,
  ],
  ["node-test-grpc", "test", 0, /# pass 1\n/],
  ["node-test-grpc", "wrong", 1, /UNSAFE to send again[\s\S]*GOAWAY CANCEL/],
  ["nginx-haproxy", "test", 0, /# pass 2\n/, ["nginx", "haproxy"]],
  [
    "witness-sigterm",
    "test",
    0,
    /request\.sent[\s\S]*h2\.goaway\.received[\s\S]*h2\.stream\.ended[\s\S]*tcp\.fin\.received/,
  ],
  ["testbed-undici", "test", 0, /# pass 7\n/],
];

const { values, positionals } = parseArgs({ options: { tarballs: { type: "string" } }, allowPositionals: true });
const EXAMPLES = join(ROOT, "docs/examples");
const chosen = positionals.length > 0 ? positionals : folders(EXAMPLES);
const temp = mkdtempSync(join(tmpdir(), "drainprobe-examples-"));

let passed = 0;
let failed = 0;
let skipped = 0;
function check(what, problem, startedMs) {
  console.log(`${problem === null ? "ok  " : "FAIL"} ${seconds(startedMs).padStart(7)}  ${what}`);
  if (problem === null) passed += 1;
  else {
    failed += 1;
    console.log(problem);
  }
}

function folders(dir) {
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

/** The example's packages come from the tarballs; everything else from the registry. */
function useTarballs(folder, tarballs) {
  const file = join(folder, "package.json");
  const project = JSON.parse(readFileSync(file, "utf8"));
  const ours = new Set(Object.keys({ ...project.dependencies, ...project.devDependencies }));
  for (const name of ours) {
    if (tarballs[name] === undefined) continue;
    const kind = project.devDependencies?.[name] === undefined ? "dependencies" : "devDependencies";
    project[kind][name] = `file:${tarballs[name]}`;
  }
  writeFileSync(file, `${JSON.stringify(project, null, 2)}\n`);
}

async function has(program) {
  return (await run("/bin/sh", ["-c", `command -v ${program}`], { quiet: true })).code === 0;
}

try {
  const tarballs = await packTarballs(resolve(values.tarballs ?? temp), { reuse: true });
  const known = new Set(RUNS.map(([name]) => name));
  for (const name of folders(EXAMPLES)) {
    if (!known.has(name)) check(`${name}: nothing runs it`, "list it in scripts/examples.mjs", performance.now());
  }
  for (const name of chosen) {
    const folder = join(temp, name);
    cpSync(join(EXAMPLES, name), folder, { recursive: true, filter: (file) => !file.includes("node_modules") });
    useTarballs(folder, tarballs);
    const startedMs = performance.now();
    const options = { cwd: folder, quiet: true, timeoutMs: 600_000 };
    const installed = await run("npm", ["install", "--no-audit", "--no-fund"], options);
    check(`${name}: npm install`, installed.code === 0 ? null : installed.output, startedMs);
    if (installed.code !== 0) continue;
    for (const [example, script, code, wanted, programs = []] of RUNS) {
      if (example !== name) continue;
      const missing = [];
      for (const program of programs) if (!(await has(program))) missing.push(program);
      if (missing.length > 0) {
        skipped += 1;
        console.log(`skip          ${name}: npm run ${script} needs ${missing.join(" and ")}`);
        continue;
      }
      const began = performance.now();
      const env = { ...process.env, NO_COLOR: "1" };
      delete env.NODE_TEST_CONTEXT;
      const result = await run("npm", ["run", script], { ...options, env });
      const right = result.code === code && wanted.test(result.output);
      const problem = right
        ? null
        : `exit code ${result.code}, wanted ${code} and ${wanted}; output:\n${result.output}`;
      check(`${name}: npm run ${script}${code === 0 ? "" : " fails, and says why"}`, problem, began);
    }
  }
} catch (error) {
  check(`no error: ${error.message}`, error.stack, performance.now());
} finally {
  rmSync(temp, { recursive: true, force: true });
}
if (skipped > 0) console.log(`${skipped} skipped: they need something this machine does not have`);
finish(passed, failed);
