// `prepack` of every package: takes the comments out of the JavaScript that is packed. They stay in the types, where editors
// look for them, and in the sources. Run in the package's folder.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { filesBelow } from "./lib/workspace.mjs";

const dist = join(process.cwd(), "dist");
for (const file of filesBelow(dist)) {
  if (!file.endsWith(".js")) continue;
  const path = join(dist, file);
  const { outputText } = ts.transpileModule(readFileSync(path, "utf8"), {
    fileName: path,
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, removeComments: true },
  });
  // In one step: somebody may be running it.
  writeFileSync(`${path}.part`, outputText);
  renameSync(`${path}.part`, path);
}
