// The software bill of materials of what is published: ours, and every package that comes with them, in CycloneDX 1.5.
//
//   node scripts/sbom.mjs            prints it
//   node scripts/sbom.mjs FILE       writes it
//   node scripts/sbom.mjs --validate lets CycloneDX's own library judge it; fetches that library into a temporary folder
//
// It is made from pnpm-lock.yaml, and from the installed packages' own words on their licences.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { parse } from "yaml";
import { finish, ROOT, run } from "./lib/proc.mjs";
import { manifest, packageDirs } from "./lib/workspace.mjs";

const lock = parse(readFileSync(join(ROOT, "pnpm-lock.yaml"), "utf8"));
const store = join(ROOT, "node_modules/.pnpm");
const stored = readdirSync(store);
const published = packageDirs()
  .map((dir) => ({ ...manifest(dir), dir }))
  .filter((each) => each.private !== true);
const components = new Map();
const dependsOn = new Map();

/** As https://github.com/package-url/purl-spec has it for npm. */
function purlOf(name, version) {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

function add(name, version, license, integrity) {
  const purl = purlOf(name, version);
  const [alg, hash] = integrity?.split("-") ?? [];
  components.set(purl, {
    type: "library",
    "bom-ref": purl,
    name,
    version,
    ...(hash === undefined
      ? {}
      : { hashes: [{ alg: alg.replace("sha", "SHA-"), content: Buffer.from(hash, "base64").toString("hex") }] }),
    licenses: [{ expression: license }],
    purl,
  });
  dependsOn.set(purl, new Set());
  return purl;
}

/** One of the lock's packages, with what it needs. `locked` is a version with what its peers were, in brackets. */
function visit(name, locked) {
  const version = locked.replace(/\(.*$/s, "");
  const purl = purlOf(name, version);
  if (components.has(purl)) return purl;
  const folder = stored.find((each) => each.startsWith(`${name.replace("/", "+")}@${version}`));
  if (folder === undefined) throw new Error(`${name} ${version} is not installed: node scripts/setup.mjs`);
  const { license } = JSON.parse(readFileSync(join(store, folder, "node_modules", name, "package.json"), "utf8"));
  add(name, version, license, lock.packages[`${name}@${version}`]?.resolution?.integrity);
  const { dependencies, optionalDependencies } = lock.snapshots[`${name}@${locked}`] ?? {};
  for (const [needed, at] of Object.entries({ ...dependencies, ...optionalDependencies })) {
    dependsOn.get(purl).add(visit(needed, at));
  }
  return purl;
}

for (const { name, version, license, dir } of published) {
  const purl = add(name, version, license);
  const importer = lock.importers[relative(ROOT, dir)];
  for (const [needed, { version: at }] of Object.entries(importer.dependencies ?? {})) {
    const own = published.find((each) => each.name === needed);
    dependsOn.get(purl).add(own === undefined ? visit(needed, at) : purlOf(needed, own.version));
  }
}
const { version } = published.find(({ name }) => name === "drainprobe");
const bill = {
  bomFormat: "CycloneDX",
  specVersion: "1.5",
  version: 1,
  metadata: { component: { type: "application", name: "drainprobe", version } },
  components: [...components.values()].sort((a, b) => (a.purl < b.purl ? -1 : 1)),
  dependencies: [...dependsOn]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([ref, refs]) => ({ ref, dependsOn: [...refs].sort() })),
};
const text = `${JSON.stringify(bill, null, 2)}\n`;
const [file] = process.argv.slice(2);
if (file === undefined) process.stdout.write(text);
else if (file === "--validate") await validate(text);
else writeFileSync(file, text);

/** Strictly: by the schema of 1.5, and nothing beside what it names. A bill with an unknown field has to be refused by the same judge. */
async function validate(bill) {
  const dir = mkdtempSync(join(tmpdir(), "drainprobe-sbom-"));
  try {
    writeFileSync(join(dir, "package.json"), '{"private":true,"type":"module"}\n');
    const wanted = ["@cyclonedx/cyclonedx-library@10", "ajv@8", "ajv-formats@3", "ajv-formats-draft2019@1"];
    const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--omit=peer"];
    const installed = await run("npm", ["install", ...quiet, ...wanted], { cwd: dir, quiet: true });
    if (installed.code !== 0) throw new Error(`the validator cannot be installed: ${installed.output}`);
    const { Spec, Validation } = await import(
      pathToFileURL(createRequire(join(dir, "package.json")).resolve("@cyclonedx/cyclonedx-library"))
    );
    const judge = new Validation.JsonStrictValidator(Spec.Version.v1dot5);
    const problem = await judge.validate(bill);
    const notFooled = (await judge.validate(JSON.stringify({ ...JSON.parse(bill), oops: 1 }))) !== null;
    if (problem !== null) console.log(JSON.stringify(problem, null, 2));
    console.log(`CycloneDX 1.5, strictly: ${problem === null ? "valid" : "not valid"}`);
    finish(Number(problem === null) + Number(notFooled), Number(problem !== null) + Number(!notFooled));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
