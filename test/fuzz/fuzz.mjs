// Coverage-guided fuzzing of everything that reads bytes of others.
//
//   node test/fuzz/fuzz.mjs                         every target, 100,000 executions each
//   node test/fuzz/fuzz.mjs hpack --executions 1e7  one target, for long
//   node test/fuzz/fuzz.mjs --write-corpus          keeps what it found, minimised, in test/fuzz/corpus
//   node test/fuzz/fuzz.mjs hpack --replay FILE     one input again
//
// The targets are written as jazzer.js takes them (`export function fuzz(data)`); this driver needs nothing but Node.
// Exit code 0: no input made a target throw. 1: one did; it is written beside the corpus, with the seed that led to it.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { countBranches, fuzzTarget, minimise, readCorpus, writeCorpus } from "./lib/fuzzer.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    executions: { type: "string", default: "1e5" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 32)) },
    "write-corpus": { type: "boolean", default: false },
    replay: { type: "string" },
  },
});
const names = readdirSync(`${HERE}targets`).map((file) => file.replace(/\.mjs$/, ""));
for (const name of positionals) {
  if (!names.includes(name)) throw new Error(`there is no target ${name}: ${names.join(", ")}`);
}
countBranches();
let passed = 0;
let failed = 0;
for (const name of positionals.length === 0 ? names : positionals) {
  const target = await import(`./targets/${name}.mjs`);
  if (values.replay !== undefined) {
    target.fuzz(new Uint8Array(readFileSync(values.replay)));
    continue;
  }
  const folder = `${HERE}corpus/${name}`;
  const result = fuzzTarget(target, {
    executions: Number(values.executions),
    seed: Number(values.seed),
    corpus: readCorpus(folder),
    onProgress: ({ done, corpus, branches, ms }) => {
      if (done % 1_000_000 === 0)
        console.log(
          `  ${name}: ${done} executions, ${branches} branches, ${corpus} inputs, ${Math.round(ms / 1000)} s`,
        );
    },
  });
  const rate = Math.round((result.done / result.ms) * 1000);
  console.log(
    `${name.padEnd(12)} ${result.done} executions in ${(result.ms / 1000).toFixed(1)} s (${rate}/s), ${result.branches} branches, ` +
      `${result.corpus.length} inputs, last news at ${result.lastNews ?? "-"}, seed ${values.seed}`,
  );
  if (result.failure === undefined) passed++;
  else {
    failed++;
    mkdirSync(`${HERE}failures`, { recursive: true });
    const file = `${HERE}failures/${name}-${values.seed}-${result.done}`;
    writeFileSync(file, result.failure.data);
    console.log(`FAILED ${name}: ${result.failure.error?.stack ?? result.failure.error}\n  input: ${file}`);
  }
  if (values["write-corpus"] && result.failure === undefined) writeCorpus(folder, minimise(target, result.corpus));
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
