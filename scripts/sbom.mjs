// The software bill of materials of what is published: every package that comes with ours, in CycloneDX 1.5.
//
//   node scripts/sbom.mjs            prints it
//   node scripts/sbom.mjs FILE       writes it
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { manifest, packageDirs } from "./lib/workspace.mjs";
import { pnpm } from "./pnpm.mjs";

const { code, stdout, output } = await pnpm(["list", "--recursive", "--prod", "--depth", "Infinity", "--json"], {
  quiet: true,
});
if (code !== 0) throw new Error(`pnpm cannot list the packages:\n${output}`);
const published = packageDirs()
  .map((dir) => manifest(dir))
  .filter((each) => each.private !== true);
const components = new Map();
const dependsOn = new Map();

/** As https://github.com/package-url/purl-spec has it for npm. */
function purlOf(name, version) {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

function visit(ref, dependencies = {}) {
  const refs = dependsOn.get(ref) ?? new Set();
  dependsOn.set(ref, refs);
  for (const [name, { version, path, dependencies: further }] of Object.entries(dependencies)) {
    const own = published.find((each) => each.name === name);
    const purl = purlOf(name, own?.version ?? version);
    refs.add(purl);
    // Ours are what the bill is of, and are listed by themselves.
    if (own !== undefined) continue;
    const { license } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
    const licenses = typeof license === "string" ? { licenses: [{ expression: license }] } : {};
    components.set(purl, { type: "library", "bom-ref": purl, name, version, ...licenses, purl });
    visit(purl, further);
  }
}

for (const { name, dependencies } of JSON.parse(stdout)) {
  const own = published.find((each) => each.name === name);
  if (own === undefined) continue;
  const purl = purlOf(name, own.version);
  const licenses = [{ expression: own.license }];
  components.set(purl, { type: "library", "bom-ref": purl, name, version: own.version, licenses, purl });
  visit(purl, dependencies);
}
const { version } = published.find(({ name }) => name === "drainprobe");
const bill = {
  bomFormat: "CycloneDX",
  specVersion: "1.5",
  version: 1,
  metadata: { component: { type: "application", name: "drainprobe", version } },
  components: [...components.values()].sort((a, b) => a.purl.localeCompare(b.purl)),
  dependencies: [...dependsOn]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([ref, refs]) => ({ ref, dependsOn: [...refs].sort() })),
};
const text = `${JSON.stringify(bill, null, 2)}\n`;
const [file] = process.argv.slice(2);
if (file === undefined) process.stdout.write(text);
else writeFileSync(file, text);
