// Packs the packages as they would be published, installs the tarballs in an empty folder with npm, and runs the CLI.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "./build.mjs";
import { finish, run, seconds } from "./lib/proc.mjs";
import { manifest, packageDirs } from "./lib/workspace.mjs";
import { pnpm } from "./pnpm.mjs";

/** What a tarball may hold: the compiled code and its types, no tests, no maps to sources that are not there. */
const PACKED =
  /^package\/(package\.json|README\.md|LICENSE|dist\/.+\.(js|d\.ts)|kube-apiserver\/(build\.mjs|v[\d.]+\/go\.(mod|sum)))$/;
const NOT_PACKED = /\.test\.|\/test\//;

let passed = 0;
let failed = 0;

function check(what, problem) {
  console.log(`${problem === null ? "ok  " : "FAIL"} ${what}`);
  if (problem === null) passed += 1;
  else {
    failed += 1;
    console.log(problem);
  }
}

/** `null` where the program ended with 0 and printed what it should. */
function complaint({ code, output }, wanted = /(?:)/) {
  return code === 0 && wanted.test(output) ? null : `exit code ${code}, output:\n${output}`;
}

async function pack(dir, into) {
  const { name } = manifest(dir);
  const packed = await pnpm(["pack", "--pack-destination", into], { cwd: dir, quiet: true });
  const tarball = packed.stdout.trim().split("\n").at(-1) ?? "";
  check(`${name} packs`, complaint(packed, /\.tgz/));
  const files = (await run("tar", ["-tzf", tarball], { quiet: true })).stdout.trim().split("\n");
  const odd = files.filter((file) => !PACKED.test(file) || NOT_PACKED.test(file));
  const missing = ["README.md", "LICENSE", "package.json"].filter((file) => !files.includes(`package/${file}`));
  check(
    `${name} holds its ${files.length} files and nothing else`,
    odd.length + missing.length === 0 ? null : `odd: ${odd.join(" ")}\nmissing: ${missing.join(" ")}`,
  );
  return tarball;
}

const temp = mkdtempSync(join(tmpdir(), "drainprobe-pack-"));
const startedMs = performance.now();
try {
  await build();
  const tarballs = [];
  for (const dir of packageDirs()) {
    if (manifest(dir).private !== true) tarballs.push(await pack(dir, temp));
  }
  const home = join(temp, "empty");
  mkdirSync(home);
  writeFileSync(join(home, "package.json"), `${JSON.stringify({ name: "empty", private: true, type: "module" })}\n`);
  const inHome = { cwd: home, quiet: true };
  const install = ["install", "--no-audit", "--no-fund", ...tarballs];
  check("npm installs the tarballs in an empty folder", complaint(await run("npm", install, inHome)));
  const npx = (...args) => run("npx", ["--no-install", "drainprobe", ...args], inHome);
  check("npx drainprobe --help", complaint(await npx("--help"), /drainprobe/));
  check("npx drainprobe --version", complaint(await npx("--version"), /\d+\.\d+\.\d+/));
  check("npx drainprobe selftest", complaint(await npx("selftest")));
  const library = 'import { createProbe } from "@drainprobe/core"; console.log(typeof createProbe)';
  const imported = await run(process.execPath, ["--input-type=module", "-e", library], inHome);
  check("@drainprobe/core is importable", complaint(imported, /^function$/m));
  console.log(`${seconds(startedMs)} in all`);
} catch (error) {
  check("no error", error.message);
} finally {
  rmSync(temp, { recursive: true, force: true });
}
finish(passed, failed);
