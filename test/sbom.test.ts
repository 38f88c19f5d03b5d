import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, run } from "../scripts/lib/proc.mjs";

interface Bill {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly metadata: { readonly component: { readonly name: string; readonly version: string } };
  readonly components: readonly {
    readonly "bom-ref": string;
    readonly name: string;
    readonly version: string;
    readonly purl: string;
    readonly licenses?: readonly { readonly expression: string }[];
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** All that comes with the packages, whether asked for or not. A further one is a decision, and a line here. */
const COMES_WITH = {
  "@drainprobe/core": ["yaml"],
  "@drainprobe/testbed": [
    "@peculiar/asn1-asym-key",
    "@peculiar/asn1-cms",
    "@peculiar/asn1-csr",
    "@peculiar/asn1-ecc",
    "@peculiar/asn1-pfx",
    "@peculiar/asn1-pkcs8",
    "@peculiar/asn1-pkcs9",
    "@peculiar/asn1-rsa",
    "@peculiar/asn1-schema",
    "@peculiar/asn1-x509",
    "@peculiar/asn1-x509-attr",
    "@peculiar/asn1-x509-post-quantum",
    "@peculiar/utils",
    "@peculiar/x509",
    "asn1js",
    "pvtsutils",
    "pvutils",
    "reflect-metadata",
    "tslib",
    "tsyringe",
  ],
  drainprobe: ["commander", "picocolors"],
} as const;

describe("node scripts/sbom.mjs", () => {
  it("lists what comes with the packages, once each, with version and licence, and nothing that only builds or tests them", {
    timeout: 60_000,
  }, async () => {
    const { code, stdout, output } = await run(process.execPath, [join(ROOT, "scripts/sbom.mjs")], { quiet: true });
    expect(code, output).toBe(0);
    const bill = JSON.parse(stdout) as Bill;
    expect([bill.bomFormat, bill.specVersion, bill.metadata.component.name]).toEqual([
      "CycloneDX",
      "1.5",
      "drainprobe",
    ]);
    const names = bill.components.map(({ name }) => name);
    for (const folder of ["probe-core", "testbed", "cli"]) {
      const { name, dependencies = {} } = JSON.parse(
        readFileSync(join(ROOT, "packages", folder, "package.json"), "utf8"),
      ) as { readonly name: string; readonly dependencies?: Readonly<Record<string, string>> };
      expect(names).toEqual(expect.arrayContaining([name, ...Object.keys(dependencies)]));
    }
    for (const tool of ["vitest", "typescript", "@biomejs/biome", "fast-check"]) expect(names).not.toContain(tool);
    const refs = bill.components.map((each) => each["bom-ref"]);
    expect(new Set(refs).size).toBe(refs.length);
    for (const { purl, name, version, licenses } of bill.components) {
      expect(purl).toBe(`pkg:npm/${name.replace("@", "%40")}@${version}`);
      expect(version, name).toMatch(/^\d+\.\d+\.\d+/);
      expect(licenses?.[0]?.expression, name).toMatch(/^(Apache-2\.0|MIT|ISC|0BSD|BSD-[23]-Clause)$/);
    }
    expect(bill.dependencies.map(({ ref }) => ref).sort()).toEqual([...refs].sort());
    for (const { dependsOn } of bill.dependencies) expect(refs).toEqual(expect.arrayContaining([...dependsOn]));
    // What is installed says the same about what it needs.
    for (const { name, version, purl } of bill.components) {
      const installed = join(ROOT, "node_modules/.pnpm", `${name.replace("/", "+")}@${version}`, "node_modules", name);
      if (!existsSync(installed)) continue;
      const { dependencies = {} } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
        readonly dependencies?: Readonly<Record<string, string>>;
      };
      const listed = bill.dependencies.find(({ ref }) => ref === purl)?.dependsOn ?? [];
      const names = listed.map((ref) =>
        decodeURIComponent(ref)
          .slice("pkg:npm/".length)
          .replace(/@[^@]+$/, ""),
      );
      expect(names.sort(), purl).toEqual(Object.keys(dependencies).sort());
    }
    for (const [name, own] of Object.entries(COMES_WITH)) {
      const others = name === "drainprobe" ? Object.values(COMES_WITH).flat() : own;
      const ours = name === "drainprobe" ? ["@drainprobe/core", "@drainprobe/testbed"] : [];
      expect(reached(bill, name), name).toEqual([...new Set([...own, ...others, ...ours])].sort());
    }
  });
});

/** Names of what a package needs, and what that needs, and so on. */
function reached(bill: Bill, name: string): string[] {
  const nameOf = new Map(bill.components.map((each) => [each["bom-ref"], each.name]));
  const needs = new Map(bill.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
  const start = bill.components.find((each) => each.name === name)?.["bom-ref"] ?? "";
  const seen = new Set<string>();
  const queue = [...(needs.get(start) ?? [])];
  for (let ref = queue.pop(); ref !== undefined; ref = queue.pop()) {
    if (seen.has(ref)) continue;
    seen.add(ref);
    queue.push(...(needs.get(ref) ?? []));
  }
  return [...new Set([...seen].map((ref) => nameOf.get(ref) ?? ref))].sort();
}
