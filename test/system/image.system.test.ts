import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../scripts/lib/proc.mjs";
import { copyOf, ignored, readContainerfile, type Stage } from "../support/containerfile.js";
import { shellBlocks } from "../support/shell-blocks.js";
import { makeDir } from "./support/run-dir.js";

/**
 * No container engine is needed here, and none is asked: each stage is a folder, COPY copies, RUN runs in it. So the steps are
 * known to work with what they are given and with nothing else; that the base image has what they need is not.
 */
class Build {
  readonly #root = makeDir("image");
  readonly #folders = new Map<string, string>();

  /** Plays a stage and gives the folder that its last WORKDIR names. */
  play(stage: Stage, index: number): string {
    const root = join(this.#root, String(index));
    let at = root;
    for (const instruction of stage.instructions) {
      if (instruction.name === "WORKDIR") {
        at = join(root, instruction.args);
        mkdirSync(at, { recursive: true });
      } else if (instruction.name === "COPY") this.#copy(instruction, at);
      else if (instruction.name === "RUN") run("/bin/sh", ["-c", instruction.args], at);
    }
    if (stage.name !== null) this.#folders.set(stage.name, root);
    return at;
  }

  #copy(instruction: Stage["instructions"][number], at: string): void {
    const { from, sources, destination } = copyOf(instruction);
    const base = from === null ? ROOT : this.#folders.get(from);
    for (const source of sources) {
      const whole = join(base ?? "", source);
      const folder = statSync(whole).isDirectory();
      cpSync(whole, folder ? join(at, destination) : join(at, destination, basename(source)), {
        recursive: true,
        filter: (path) => from !== null || !ignored(path.slice(ROOT.length + 1)),
      });
    }
  }
}

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8", maxBuffer: 1 << 26 });
  expect(status, `${command} ${args.join(" ")}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

describe("the image, and the way without one", () => {
  it("is what its steps make of the repository, and runs", () => {
    const build = new Build();
    const folders = readContainerfile().map((stage, index) => build.play(stage, index));
    const image = folders.at(-1)!;
    const [program = "", ...args] = JSON.parse(
      readContainerfile()
        .at(-1)!
        .instructions.find(({ name }) => name === "ENTRYPOINT")!.args,
    ) as string[];
    expect(run(program, [...args, "--version"], image)).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(run(program, [...args, "manifests"], image)).toContain("kind: DaemonSet");
    expect(run(program, [...args, "selftest"], image)).not.toBe("");
    // Nothing but what runs: no compiler, no tests, no sources.
    const modules = readdirSync(join(image, "node_modules"));
    expect(modules).toEqual(expect.arrayContaining(["@drainprobe", "commander", "drainprobe", "picocolors", "yaml"]));
    expect(readdirSync(join(image, "node_modules/@drainprobe")).sort()).toEqual(["core", "testbed"]);
    for (const manifest of ["package.json", "packages/cli/package.json"]) {
      const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(join(ROOT, manifest), "utf8"));
      const builders = Object.keys(devDependencies).filter((name) => !(name in dependencies) && name !== "yaml");
      expect(builders.length).toBeGreaterThan(0);
      for (const name of builders) expect(existsSync(join(image, "node_modules", name)), name).toBe(false);
    }
    expect(existsSync(join(image, "node_modules/drainprobe/src"))).toBe(false);
    expect(existsSync(join(image, "tarballs"))).toBe(false);

    // The page's commands, in the sources as the first stage left them.
    const block = shellBlocks("docs/deploying.md").find(([first]) => first?.startsWith("node scripts/tarballs.mjs"))!;
    const sources = folders[0]!;
    for (const line of block) run("/bin/sh", ["-c", line], sources);
    const node = makeDir("by-hand");
    run("tar", ["-xzf", join(sources, "drainprobe.tar.gz")], node);
    const bin = "by-hand/node_modules/drainprobe/dist/bin.js";
    expect(shellBlocks("docs/deploying.md").flat().join("\n")).toContain(`node ${bin} run `);
    expect(run(process.execPath, [bin, "--version"], node)).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(run(process.execPath, [bin, "selftest"], node)).not.toBe("");
  });
});
