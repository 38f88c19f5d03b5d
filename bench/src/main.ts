// `npm run bench`: all benches; `npm run bench -- churn scale`: these; `npm run bench -- smoke`: see smoke.ts.
import { randomInt } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CHURN } from "./churn/bench.js";
import { FIDELITY } from "./fidelity/bench.js";
import type { Bench, BenchOptions, Section } from "./harness/bench.js";
import { type Machine, machine } from "./harness/machine.js";
import { sectionLines } from "./harness/report.js";
import { LOG } from "./log/bench.js";
import { SCALE } from "./scale/bench.js";
import { smoke } from "./smoke.js";
import { THROUGHPUT } from "./throughput/bench.js";

const BENCHES: readonly Bench[] = [CHURN, THROUGHPUT, FIDELITY, SCALE, LOG];
const RESULTS = fileURLToPath(new URL("../results", import.meta.url));
const REPETITIONS = 5;

const words = process.argv.slice(2);
const save = words.includes("--save");
const names = words.filter((word) => !word.startsWith("--"));
const seedWord = words.find((word) => word.startsWith("--seed="));
const seed = seedWord === undefined ? randomInt(1_000_000) : Number(seedWord.slice(7));
const unknown = words.filter(
  (word) => !["smoke", "--save", "--quick", seedWord, ...BENCHES.map(({ name }) => name)].includes(word),
);

if (unknown.length > 0 || !Number.isSafeInteger(seed)) {
  console.error(`bench: what is ${unknown.join(" ")}? There is smoke, --save, --quick, --seed=N, and:`);
  for (const { name, what } of BENCHES) console.error(`  ${name.padEnd(12)} ${what}`);
  process.exitCode = 2;
} else if (names.includes("smoke")) {
  process.exitCode = await smoke(RESULTS, seed);
} else {
  const chosen = names.length === 0 ? BENCHES : BENCHES.filter(({ name }) => names.includes(name));
  const here = machine();
  console.log(
    `${here.cpu}, ${here.cores} cores, Linux ${here.kernel}, Node ${here.node}, OpenSSL ${here.openssl}; seed ${seed}`,
  );
  for (const bench of chosen) {
    try {
      await runBench(bench);
    } catch (error) {
      // The others are worth having all the same.
      console.error(`  ${bench.name}: ${error instanceof Error ? error.message : String(error)}`);
      process.exitCode = 1;
    }
  }
}

async function runBench(bench: Bench): Promise<void> {
  const quick = words.includes("--quick");
  const options: BenchOptions = {
    repetitions: quick ? 3 : REPETITIONS,
    quick,
    seed,
    tell: (line) => console.error(`  ${bench.name}: ${line}`),
  };
  const before = machine();
  const startedMs = performance.now();
  const sections = await bench.run(options);
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(`\n== ${bench.name}: ${bench.what} (${seconds.toFixed(0)} s)`);
  for (const section of sections) console.log(`\n${sectionLines(section).join("\n")}`);
  if (save) keep(bench, sections, seconds, before);
}

function keep(bench: Bench, sections: readonly Section[], seconds: number, before: Machine): void {
  mkdirSync(RESULTS, { recursive: true });
  const result = { bench: bench.name, date: new Date().toISOString(), machine: before, seed, seconds, sections };
  writeFileSync(join(RESULTS, `${bench.name}.json`), `${JSON.stringify(result, rounded, 2)}\n`);
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
}
