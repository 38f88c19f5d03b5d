import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** The sources as JavaScript that any Node runs, for tests that need a process of their own. Types are not checked. */
export class SourceBuild implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), "drainprobe-build-"));

  constructor() {
    const sources = fileURLToPath(new URL("../src/", import.meta.url));
    for (const name of readdirSync(sources, { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".ts") || name.endsWith(".test.ts")) continue;
      const output = join(this.dir, name.replace(/\.ts$/, ".js"));
      mkdirSync(dirname(output), { recursive: true });
      const compilerOptions = {
        target: ts.ScriptTarget.ES2023,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
      };
      writeFileSync(
        output,
        ts.transpileModule(readFileSync(join(sources, name), "utf8"), { compilerOptions }).outputText,
      );
    }
    writeFileSync(join(this.dir, "package.json"), '{ "type": "module" }');
  }

  /** Writes a program beside the sources and gives its path. */
  program(name: string, code: string): string {
    const path = join(this.dir, name);
    writeFileSync(path, code);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
