// The software bill of materials of what is published: ours, and every package that comes with them, in CycloneDX 1.5.
//
//   node scripts/sbom.mjs            prints it
//   node scripts/sbom.mjs FILE       writes it
//
// It is made from pnpm-lock.yaml, and from the installed packages' own words on their licences.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parse } from "yaml";
import { ROOT } from "./lib/proc.mjs";
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
else writeFileSync(file, text);
