// Installs the dependencies if they are not in step with the lockfile; a few milliseconds where they are.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT, run, seconds } from "./lib/proc.mjs";
import { manifest, packageDirs } from "./lib/workspace.mjs";
import { pnpmCommand } from "./pnpm.mjs";

const STAMP = join(ROOT, "node_modules", ".drainprobe-setup");
const DEPENDENCY_FIELDS = [
  "packageManager",
  "dependencies",
  "devDependencies",
  "optionalDependencies",
  "peerDependencies",
];

/** Everything an installation depends on, as one hash. */
function wantedState() {
  const hash = createHash("sha256");
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml"]) hash.update(readFileSync(join(ROOT, file)));
  for (const dir of [ROOT, ...packageDirs()]) {
    const fields = manifest(dir);
    hash.update(JSON.stringify([dir, ...DEPENDENCY_FIELDS.map((name) => fields[name] ?? null)]));
  }
  return hash.digest("hex");
}

function isInstalled(state) {
  const needsModules = packageDirs().filter((dir) => Object.keys(manifest(dir).dependencies ?? {}).length > 0);
  return (
    existsSync(STAMP) &&
    readFileSync(STAMP, "utf8") === state &&
    needsModules.every((dir) => existsSync(join(dir, "node_modules")))
  );
}

/** Brings node_modules in step with the lockfile. Throws with pnpm's whole output where that fails. */
export async function setup() {
  const state = wantedState();
  if (isInstalled(state)) return;
  const startedMs = performance.now();
  console.log("installing dependencies (once, until the lockfile changes) …");
  const [command, ...before] = await pnpmCommand();
  const args = [
    ...before,
    "install",
    "--frozen-lockfile",
    "--reporter=append-only",
    "--config.confirmModulesPurge=false",
  ];
  const { code, output } = await run(command, args, { quiet: true });
  if (code !== 0) throw new Error(`${[command, ...args].join(" ")} failed:\n${output}`);
  writeFileSync(STAMP, state);
  console.log(`installed in ${seconds(startedMs)}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    await setup();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
