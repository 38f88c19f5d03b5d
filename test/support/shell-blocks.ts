import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/lib/proc.mjs";

/** The `shell` blocks of a page, line by line: commands that not every machine can run (`sh` blocks are run by another test). */
export function shellBlocks(page: string): string[][] {
  const text = readFileSync(join(ROOT, page), "utf8");
  return [...text.matchAll(/^```shell\n(.*?)^```/gms)].map(([, block = ""]) => block.trimEnd().split("\n"));
}
