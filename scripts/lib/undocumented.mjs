import { join, relative } from "node:path";
import ts from "typescript";
import { ROOT } from "./proc.mjs";

/**
 * Exports of these files without a comment that says what they are, each in one line: `file:line name`.
 *
 * @param {readonly string[]} entryPoints
 */
export function undocumented(entryPoints) {
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.check.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [...entryPoints], include: [] }, ts.sys, ROOT);
  const program = ts.createProgram([...entryPoints], options);
  const checker = program.getTypeChecker();
  const found = new Set();
  for (const file of entryPoints) {
    const source = program.getSourceFile(file);
    const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${file} exports nothing`);
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const at = symbol.declarations?.[0];
      // `export * as faults`: its members are looked at where they are.
      if (at === undefined || ts.isSourceFile(at) || !at.getSourceFile().fileName.startsWith(ROOT)) continue;
      if (symbol.getDocumentationComment(checker).length > 0) continue;
      const { line } = at.getSourceFile().getLineAndCharacterOfPosition(at.getStart());
      found.add(`${relative(ROOT, at.getSourceFile().fileName)}:${line + 1} ${exported.name}`);
    }
  }
  return [...found].sort();
}
