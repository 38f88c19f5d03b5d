// Checks this repository's own rules: file sizes, where time may be told, no paths of anybody's machine.
import { tidy } from "./lib/tidy.mjs";

const breaches = tidy();
for (const breach of breaches) console.log(breach);
process.exitCode = breaches.length === 0 ? 0 : 1;
