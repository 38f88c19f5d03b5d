import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../scripts/lib/proc.mjs";
import { shellBlocks } from "./support/shell-blocks.js";

/** What `shell` blocks of the page may use: these want a cluster, a registry or a node, which no test here has. */
const ELSEWHERE = ["kubectl", "podman", "scp", "ssh", "sudo"];
/** These are run by test/system/image.system.test.ts. */
const PLAYED = ["node", "npm", "tar"];

const lines = shellBlocks("docs/deploying.md").flat();

describe("docs/deploying.md", () => {
  it.each(lines)("%s", (line) => {
    const [program = "", ...args] = line.split(/\s+/);
    expect([...ELSEWHERE, ...PLAYED]).toContain(program);
    if (program !== "kubectl") return;
    const namespace = args[args.indexOf("-n") + 1];
    if (args.includes("-n")) expect(namespace, "the default of --namespace").toBe("drainprobe");
    if (args.includes("-f"))
      expect(args[args.indexOf("-f") + 1], "what manifests was printed to").toBe("drainprobe.yaml");
  });

  it("names the image as the Containerfile's own example does, and the program as manifests prints it", () => {
    const page = readFileSync(join(ROOT, "docs/deploying.md"), "utf8");
    const containerfile = readFileSync(join(ROOT, "Containerfile"), "utf8");
    const { version } = JSON.parse(readFileSync(join(ROOT, "packages/cli/package.json"), "utf8"));
    const image = `registry.example.com/drainprobe:${version}`;
    expect(containerfile).toContain(`podman build -t ${image} .`);
    expect(new Set(page.match(/registry\.example\.com\/\S+/g))).toEqual(new Set([image]));
  });
});
