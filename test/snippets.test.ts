import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ROOT, run } from "../scripts/lib/proc.mjs";

/** Pages a reader follows from top to bottom, with files to write and commands to run. */
const PAGES = ["docs/getting-started.md", "docs/in-your-tests.md"];

interface Step {
  readonly command: string;
  /** Files that the page has shown since the last command. */
  readonly files: ReadonlyMap<string, string>;
  /** What it says will be printed. */
  readonly output: readonly string[];
}

/** `js` blocks begin with their file's name in a comment; a `text` block shows what the command before it prints. */
function stepsOf(page: string): Step[] {
  const steps: { command: string; files: Map<string, string>; output: string[] }[] = [];
  let files = new Map<string, string>();
  for (const [, language, block = ""] of readFileSync(join(ROOT, page), "utf8").matchAll(/^```(\w+)\n(.*?)^```/gms)) {
    if (language === "js") {
      const name = /^\/\/ ([\w.-]+)\n/.exec(block)?.[1];
      expect(name, `a program without the name of its file:\n${block}`).toBeDefined();
      files.set(name!, block);
    } else if (language === "sh") {
      for (const command of block.trim().split("\n")) {
        // Installing from a registry is tried with the tarballs, by scripts/consumers.mjs.
        if (command.startsWith("npm install ")) continue;
        steps.push({ command, files, output: [] });
        files = new Map();
      }
    } else if (language === "text") steps.at(-1)?.output.push(...block.trim().split("\n"));
  }
  expect(files.size, "programs that no command runs").toBe(0);
  return steps;
}

describe.each(PAGES)("%s", (page) => {
  const folder = mkdtempSync(join(tmpdir(), "drainprobe-snippets-"));
  const bin = join(folder, "node_modules", ".bin");
  mkdirSync(join(folder, "node_modules", "@drainprobe"), { recursive: true });
  symlinkSync(join(ROOT, "packages/probe-core"), join(folder, "node_modules/@drainprobe/core"));
  symlinkSync(join(ROOT, "packages/testbed"), join(folder, "node_modules/@drainprobe/testbed"));
  symlinkSync(join(ROOT, "node_modules/vitest"), join(folder, "node_modules/vitest"));
  symlinkSync(join(ROOT, "node_modules/.bin"), bin);
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const steps = stepsOf(page);
  it("has steps", () => expect(steps.length).toBeGreaterThan(0));
  it.each(steps.map((step, index) => [index + 1, step.command, step] as const))(
    "step %i, %s, prints what the page says",
    async (_number, command, { files, output }) => {
      for (const [name, content] of files) writeFileSync(join(folder, name), content);
      const env: NodeJS.ProcessEnv = { ...process.env, PATH: `${bin}:${process.env.PATH}`, NO_COLOR: "1" };
      for (const name of Object.keys(env)) if (name.startsWith("VITEST")) delete env[name];
      const line = command.replace(/^npx /, "");
      const result = await run("/bin/sh", ["-c", line], { cwd: folder, env, quiet: true, timeoutMs: 60_000 });
      for (const words of output) expect(result.output).toContain(words);
      expect(output.length, `${command}: the page does not say what it prints`).toBeGreaterThan(0);
      const fails = output.some((words) => words.includes("did not drain"));
      expect(result.code, result.output).toBe(fails ? 1 : 0);
    },
  );
});
