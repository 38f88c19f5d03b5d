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
    expect(bill.components.length).toBeGreaterThan(15);
  });
});
