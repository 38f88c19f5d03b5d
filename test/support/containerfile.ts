import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/lib/proc.mjs";

/** One instruction, its continued lines joined. */
export interface Instruction {
  readonly line: number;
  readonly name: string;
  readonly args: string;
}

/** One `FROM` and what follows it. */
export interface Stage {
  readonly base: string;
  readonly name: string | null;
  readonly instructions: readonly Instruction[];
}

/** One `COPY`. */
export interface Copy {
  /** The stage it copies from; `null`: the repository. */
  readonly from: string | null;
  readonly sources: readonly string[];
  readonly destination: string;
}

export function readContainerfile(): Stage[] {
  const stages: { base: string; name: string | null; instructions: Instruction[] }[] = [];
  for (const instruction of instructionsOf(readFileSync(join(ROOT, "Containerfile"), "utf8"))) {
    if (instruction.name !== "FROM") {
      const stage = stages.at(-1);
      if (stage === undefined) throw new Error(`${instruction.name} before FROM`);
      stage.instructions.push(instruction);
      continue;
    }
    const [, base = "", name = null] = /^(\S+)(?:\s+AS\s+(\S+))?$/.exec(instruction.args) ?? [];
    stages.push({ base, name, instructions: [] });
  }
  return stages;
}

function instructionsOf(text: string): Instruction[] {
  const found: Instruction[] = [];
  let continued = "";
  for (const [index, line] of text.split("\n").entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const joined = continued + line.replace(/\\$/, " ");
    continued = line.endsWith("\\") ? joined : "";
    if (continued !== "") continue;
    const [, name = "", args = ""] = /^([A-Z]+)\s+(.+)$/.exec(joined.trim()) ?? [];
    if (name === "") throw new Error(`Containerfile:${index + 1}: not an instruction: ${line}`);
    found.push({ line: index + 1, name, args });
  }
  return found;
}

export function copyOf({ args }: Instruction): Copy {
  const words = args.split(/\s+/);
  const from = words[0]?.startsWith("--from=") === true ? words.shift()!.slice("--from=".length) : null;
  const destination = words.pop() ?? "";
  return { from, sources: words, destination };
}

/** What `.dockerignore` keeps from the build: plain names, and names at any depth. */
export function ignored(path: string): boolean {
  const patterns = readFileSync(join(ROOT, ".dockerignore"), "utf8").split("\n").filter(Boolean);
  return patterns.some((pattern) => {
    const deep = pattern.startsWith("**/");
    const name = deep ? pattern.slice(3) : pattern;
    return deep ? path.split("/").includes(name) : path === name || path.startsWith(`${name}/`);
  });
}

/** Does a source of a COPY exist, and reach the build? */
export function reaches(source: string): boolean {
  const path = source.replace(/^\.\//, "").replace(/\/$/, "");
  return existsSync(join(ROOT, path)) && !ignored(path);
}
