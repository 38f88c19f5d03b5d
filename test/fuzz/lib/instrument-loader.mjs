// Module hooks: the compiled code of our packages is loaded with counters in it. Registered by lib/fuzzer.mjs.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { instrument } from "./instrument.mjs";

const OURS = /\/packages\/[^/]+\/dist\/.*\.js$/;
let ids = 0;

export async function load(url, context, nextLoad) {
  if (!OURS.test(url)) return nextLoad(url, context);
  const counted = instrument(readFileSync(fileURLToPath(url), "utf8"), () => ids++ & 0xffff);
  const source = `${counted}\nglobalThis.__fuzzIds = Math.max(globalThis.__fuzzIds ?? 0, ${ids});\n`;
  return { format: "module", source, shortCircuit: true };
}
