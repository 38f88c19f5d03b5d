// The packages as strangers have them: types under both module resolutions, package managers, Node versions, sizes.
// `--tarballs FOLDER` takes tarballs that are there already.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { finish, ROOT, run, seconds, tool } from "./lib/proc.mjs";
import { packTarballs } from "./lib/tarballs.mjs";
import { nodeOfMajor, OTHER_MAJORS } from "./node-versions.mjs";

/**
 * Most bytes of a package without maps, unpacked, and of its tarball. Set somewhat above what was measured: growth wants a reason.
 */
const BUDGETS = {
  "@drainprobe/core": { unpacked: 1_250_000, tarball: 340_000 },
  "@drainprobe/testbed": { unpacked: 900_000, tarball: 250_000 },
  drainprobe: { unpacked: 700_000, tarball: 220_000 },
};

const RESOLUTIONS = {
  node16: { module: "node16", moduleResolution: "node16" },
  bundler: { module: "esnext", moduleResolution: "bundler" },
};

const USE = `
import { createProbe, held } from "@drainprobe/core";
import { witness } from "@drainprobe/core/witness";
import { assertNoConnectionFailures } from "@drainprobe/core/assert";
import { certificates, startRawServer } from "@drainprobe/testbed";
const { ca, good } = await certificates();
const server = await startRawServer({ identity: good });
const probe = await createProbe({ target: { url: server.url, ca }, lanes: [held()] });
await probe.settled();
assertNoConnectionFailures(await probe.stop());
for await (const { kind } of witness(server.url, { ca })) if (kind === "h2.stream.ended") break;
await server.close();
console.log("used on", process.version);
process.exit(0);
`;

/** Two tests in jest itself: one that passes, and one that must fail with words that name the incident. */
const JEST = `
import { createProbe, held } from "@drainprobe/core";
import "@drainprobe/core/jest";
import { certificates, startRawServer } from "@drainprobe/testbed";
import { beforeAll, expect, test } from "@jest/globals";

let summary;
beforeAll(async () => {
  const { ca, good } = await certificates();
  const server = await startRawServer({ identity: good });
  const probe = await createProbe({ target: { url: server.url, ca }, lanes: [held({ sessions: 1 })] });
  await probe.settled();
  await Promise.all([probe.drained(), server.close()]);
  summary = await probe.stop();
});

test("there is an incident", () => expect(summary).toHaveIncident({ lane: "held" }));
test("it drains", () => expect(summary).toDrainCleanly());
`;
const JEST_SAYS = [
  /✓ there is an incident/,
  /✕ it drains/,
  /the server did not drain cleanly:/,
  /connection \d+ ended by (?:FIN|RST) without GOAWAY/,
  /evidence:\n.*#\d+ tcp\.connect\.complete conn=1/,
  /1 failed, 1 passed, 2 total/,
];

let passed = 0;
let failed = 0;
function check(what, problem, startedMs) {
  console.log(`${problem === null ? "ok  " : "FAIL"} ${seconds(startedMs).padStart(7)}  ${what}`);
  if (problem === null) passed += 1;
  else {
    failed += 1;
    console.log(problem);
  }
}
const complaint = ({ code, output }, wanted = /(?:)/) =>
  code === 0 && wanted.test(output) ? null : `exit code ${code}, output:\n${output}`;

const { values } = parseArgs({ options: { tarballs: { type: "string" } } });
const temp = mkdtempSync(join(tmpdir(), "drainprobe-consumers-"));
const quietIn = (cwd, more = {}) => ({ cwd, quiet: true, timeoutMs: 600_000, ...more });

function folder(name, dependencies) {
  const dir = join(temp, name);
  mkdirSync(dir, { recursive: true });
  const project = { name: "stranger", private: true, type: "module", dependencies };
  writeFileSync(join(dir, "package.json"), `${JSON.stringify(project, null, 2)}\n`);
  return dir;
}

async function sizes(tarballs) {
  for (const [name, file] of Object.entries(tarballs)) {
    const began = performance.now();
    const { stdout } = await run("tar", ["-tvzf", file], { quiet: true });
    const unpacked = stdout
      .trim()
      .split("\n")
      .reduce((sum, line) => sum + Number(line.split(/\s+/)[2]), 0);
    const tarball = statSync(file).size;
    const budget = BUDGETS[name] ?? { unpacked: 0, tarball: 0 };
    const words = `${name}: ${kb(unpacked)} unpacked of ${kb(budget.unpacked)}, ${kb(tarball)} packed of ${kb(budget.tarball)}`;
    const over = unpacked > budget.unpacked || tarball > budget.tarball;
    check(words, over ? "over its budget: BUDGETS in scripts/consumers.mjs" : null, began);
  }
}

const kb = (bytes) => `${Math.round(bytes / 1000)} KB`;

async function types(dependencies) {
  const dir = folder("types", {
    ...dependencies,
    "@types/node": "^20.19.0",
    vitest: "^4.1.12",
    "@jest/globals": "^30.5.0",
    expect: "^30.5.0",
  });
  const began = performance.now();
  const installed = await run("npm", ["install", "--no-audit", "--no-fund"], quietIn(dir));
  check("npm install of the packages, vitest and jest's types", complaint(installed), began);
  if (installed.code !== 0) return;
  for (const file of readdirSync(join(ROOT, "test/consumers")))
    cpSync(join(ROOT, "test/consumers", file), join(dir, file));
  for (const [name, resolution] of Object.entries(RESOLUTIONS)) {
    for (const [what, files, skipLibCheck] of [
      ["library", ["library.ts"], false],
      ["matchers", ["vitest.ts", "jest.ts"], true],
    ]) {
      const compilerOptions = {
        ...resolution,
        target: "es2022",
        lib: ["es2023", "esnext.disposable"],
        types: ["node"],
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        verbatimModuleSyntax: true,
        skipLibCheck,
        noEmit: true,
      };
      writeFileSync(join(dir, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
      const start = performance.now();
      check(
        `types: ${what}, moduleResolution ${name}`,
        complaint(await tool("typescript/bin/tsc", ["-p", dir], { quiet: true })),
        start,
      );
    }
  }
}

async function shapes(tarballs) {
  for (const [name, file] of Object.entries(tarballs)) {
    const began = performance.now();
    if (name !== "drainprobe") {
      const attw = await tool("@arethetypeswrong/cli/dist/index.js", [file, "--profile", "esm-only", "--no-emoji"], {
        quiet: true,
      });
      check(`${name}: are the types wrong`, complaint(attw), began);
    }
    const lint = performance.now();
    check(
      `${name}: publint of the tarball`,
      complaint(await tool("publint/src/cli.js", ["--strict", file], { quiet: true })),
      lint,
    );
  }
}

async function jest(dependencies) {
  const dir = folder("jest", { ...dependencies, jest: "^30.5.0", "@jest/globals": "^30.5.0" });
  const began = performance.now();
  const installed = await run("npm", ["install", "--no-audit", "--no-fund"], quietIn(dir));
  check("npm install of the packages and jest", complaint(installed), began);
  if (installed.code !== 0) return;
  writeFileSync(join(dir, "drain.test.mjs"), JEST);
  const start = performance.now();
  const words = ["--experimental-vm-modules", "node_modules/jest/bin/jest.js", "--verbose", "--no-color"];
  const { code, output } = await run(process.execPath, words, quietIn(dir));
  const missing = JEST_SAYS.filter((wanted) => !wanted.test(output));
  const problem = `exit code ${code}, missing ${missing.join(", ")} in:\n${output}`;
  check(
    "the matchers in jest: one passes, one fails and says why",
    code === 1 && missing.length === 0 ? null : problem,
    start,
  );
}

/** Each manager installs once; what it installed is used on every Node. */
async function managers(dependencies) {
  const overrides = dependencies;
  const nodes = [process.execPath];
  for (const major of OTHER_MAJORS) nodes.push(await nodeOfMajor(major));
  for (const [name, program, args, extra] of [
    ["npm", "npm", ["install", "--no-audit", "--no-fund"], {}],
    ["pnpm", "npx", ["--yes", "pnpm@10.34.8", "install"], { pnpm: { overrides } }],
    ["yarn", "npx", ["--yes", "yarn@1.22.22", "install", "--non-interactive"], { resolutions: overrides }],
  ]) {
    const dir = folder(name, dependencies);
    const file = join(dir, "package.json");
    writeFileSync(file, JSON.stringify({ name: "stranger", private: true, type: "module", dependencies, ...extra }));
    writeFileSync(join(dir, "use.js"), USE);
    const began = performance.now();
    // An empty folder of a stranger: not the settings, nor the Node, of the command that started this.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([key]) => !/^npm_(lifecycle|package|command)/i.test(key)),
    );
    const installed = await run(program, args, quietIn(dir, { env }));
    check(`${name} installs the tarballs in an empty folder`, complaint(installed), began);
    if (installed.code !== 0) continue;
    for (const node of nodes) {
      const start = performance.now();
      const used = await run(node, ["use.js"], quietIn(dir));
      const version = /used on (v\d+)/.exec(used.output)?.[1] ?? dirname(node);
      check(`what ${name} installed works on ${version}`, complaint(used, /used on/), start);
      const bin = join(dir, "node_modules", ".bin", "drainprobe");
      const path = `${dirname(node)}${delimiter}${process.env.PATH}`;
      const help = await run(bin, ["--version"], quietIn(dir, { env: { ...process.env, PATH: path } }));
      check(`and its drainprobe --version on ${version}`, complaint(help, /^\d+\.\d+\.\d+/m), start);
    }
  }
}

try {
  const tarballs = await packTarballs(resolve(values.tarballs ?? join(temp, "tarballs")), { reuse: true });
  const dependencies = Object.fromEntries(Object.entries(tarballs).map(([name, file]) => [name, `file:${file}`]));
  await sizes(tarballs);
  await shapes(tarballs);
  await types(dependencies);
  await jest(dependencies);
  await managers(dependencies);
} catch (error) {
  check(`no error: ${error.message}`, error.stack, performance.now());
} finally {
  rmSync(temp, { recursive: true, force: true });
}
finish(passed, failed);
