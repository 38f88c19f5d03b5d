import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../scripts/lib/proc.mjs";
import { copyOf, ignored, reaches, readContainerfile } from "./support/containerfile.js";

const KNOWN = ["ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "LABEL", "RUN", "USER", "WORKDIR"];

const stages = readContainerfile();
const all = stages.flatMap(({ instructions }) => instructions);
const last = stages.at(-1)!;
const lastOf = (name: string): string | undefined =>
  last.instructions.filter((instruction) => instruction.name === name).at(-1)?.args;

describe("Containerfile", () => {
  it("has instructions that every engine knows", () => {
    expect(stages.length).toBeGreaterThan(1);
    for (const { name, line } of all) expect(KNOWN, `line ${line}`).toContain(name);
  });

  it("stands on bases with a name and a version, of the oldest Node that is supported", () => {
    const { engines } = JSON.parse(readFileSync(join(ROOT, "packages/cli/package.json"), "utf8"));
    const oldest = /^>=(\d+)/.exec(engines.node)?.[1];
    for (const { base } of stages) expect(base).toMatch(new RegExp(`^node:${oldest}-slim$`));
  });

  it("copies what is there, from the repository or from a stage before", () => {
    for (const [index, { instructions }] of stages.entries()) {
      for (const instruction of instructions.filter(({ name }) => name === "COPY")) {
        const { from, sources } = copyOf(instruction);
        expect(sources.length).toBeGreaterThan(0);
        if (from === null) for (const source of sources) expect(reaches(source), source).toBe(true);
        else expect(stages.slice(0, index).map(({ name }) => name)).toContain(from);
      }
    }
  });

  it("runs scripts that are there", () => {
    const scripts = all.flatMap(({ name, args }) => (name === "RUN" ? (args.match(/scripts\/\S+/g) ?? []) : []));
    expect(scripts.length).toBeGreaterThan(0);
    for (const script of scripts) expect(reaches(script), script).toBe(true);
  });

  it("takes nothing into the build that was built here", () => {
    for (const path of ["node_modules", "packages/cli/node_modules", "packages/cli/dist", ".git"]) {
      expect(ignored(path), path).toBe(true);
    }
  });

  it("ends with the program alone, under a user who is not root", () => {
    expect(last.instructions.filter(({ name }) => name === "RUN")).toEqual([]);
    for (const instruction of last.instructions.filter(({ name }) => name === "COPY")) {
      expect(copyOf(instruction).from).not.toBeNull();
    }
    expect(lastOf("USER")).toBe("1000:1000");
    const entry = JSON.parse(lastOf("ENTRYPOINT") ?? "[]") as string[];
    const { bin, name } = JSON.parse(readFileSync(join(ROOT, "packages/cli/package.json"), "utf8"));
    expect(entry).toEqual(["node", join("node_modules", name, bin.drainprobe)]);
    // `manifests` gives the arguments only, and the path is relative.
    expect(lastOf("WORKDIR")).toBe("/opt/drainprobe");
  });

  it("holds no value of a secret", () => {
    for (const { name, args } of all) {
      if (name === "ENV" || name === "ARG") expect(args).not.toMatch(/token|secret|password|key/i);
    }
  });
});
