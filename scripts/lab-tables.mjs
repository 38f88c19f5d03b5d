// Measures the lab and writes its tables into the docs: docs/lab.md (how often each scenario came out as expected) and docs/solution.md (what
// each remedy leaves). Takes hours; each result is kept, and a second run goes on where the first one stopped.
//
//   node scripts/lab-tables.mjs                    every scenario and twin 20 times, then the matrix; embedded tier
//   node scripts/lab-tables.mjs --runs 5 --tier kube --seed 1
//   node scripts/lab-tables.mjs --write            only writes what has been measured into the docs
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "./lib/proc.mjs";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "20" },
    tier: { type: "string", default: "embedded" },
    seed: { type: "string", default: "1" },
    results: { type: "string", default: join(ROOT, "tmp/lab-tables") },
    cli: { type: "string", default: join(ROOT, "packages/cli/dist/bin.js") },
    write: { type: "boolean", default: false },
  },
});
const dir = join(values.results, values.tier);
mkdirSync(dir, { recursive: true });

const { scenarios } = JSON.parse(await lab("list"));
const cases = scenarios.flatMap(({ name, fixed }) => [
  { name, fixed: false },
  ...(fixed === null ? [] : [{ name, fixed: true }]),
]);
if (!values.write) await measure();
writeTables();

async function measure() {
  for (const { name, fixed } of cases) {
    const words = ["repeat", name, ...(fixed ? ["--fixed"] : []), "-n", values.runs];
    await kept(`${name}${fixed ? ".fixed" : ""}.json`, words);
  }
  for (const { name } of cases.filter(({ fixed }) => !fixed)) await kept(`${name}.matrix.json`, ["matrix", name]);
}

async function kept(file, words) {
  const path = join(dir, file);
  if (existsSync(path)) return;
  const text = await lab(...words, "--tier", values.tier, "--seed", values.seed, "--quiet");
  if (text !== "") writeFileSync(path, text);
}

function lab(...words) {
  const args = [values.cli, "lab", ...words, "--json"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
  });
  return new Promise((resolve) => child.once("close", () => resolve(text)));
}

function read(file) {
  const path = join(dir, file);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : null;
}

function writeTables() {
  const machine = `${values.tier} tier, Node ${process.version}, ${process.platform}, ${cpus().length} cores`;
  fill("docs/lab.md", values.tier, [
    `Measured with \`node scripts/lab-tables.mjs --tier ${values.tier} --runs ${values.runs} --seed ${values.seed}\`: ${machine}.`,
    "*Late* is the longest time for which the lab's own process stood still in the runs that differed.",
    "",
    "| scenario | as expected | with its remedy | late |",
    "| --- | --- | --- | --- |",
    ...scenarios.map(({ name }) => consistencyRow(name)),
  ]);
  fill("docs/solution.md", values.tier, [
    `Measured with the same command, one run each: ${machine}.`,
    "",
    ...scenarios.flatMap(({ name }) => matrixTable(name)),
  ]);
}

function consistencyRow(name) {
  const setup = read(`${name}.json`);
  const fixed = read(`${name}.fixed.json`);
  const ratio = (result) => (result === null ? "" : `${result.reproduced} of ${result.runs.length}`);
  const differed = [setup, fixed].flatMap((result) => result?.runs.filter(({ reproduced }) => !reproduced) ?? []);
  const late = differed.length === 0 ? "" : `${Math.round(Math.max(...differed.map(({ lateMs }) => lateMs)))} ms`;
  return `| \`${name}\` | ${ratio(setup)} | ${ratio(fixed)} | ${late} |`;
}

function matrixTable(name) {
  const result = read(`${name}.matrix.json`);
  if (result === null) return [];
  return [
    `**${name}**`,
    "",
    "| remedy | left over | requests lost | of them processed or unknown | writes unknown | longest without a new connection | rollout |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...result.rows.map(({ remedy, failures, run }) => {
      const left = failures.map(
        ({ scope, type, count }) => `${count} ${scope === "request" ? "answers " : ""}\`${type}\``,
      );
      const { all, processed, unsafe } = run.lost;
      const gap = `${(run.newConnectionGapMs / 1_000).toFixed(2)} s`;
      const time = `${(run.rolloutMs / 1_000).toFixed(1)} s`;
      return `| ${remedy} | ${left.join(", ") || "nothing"} | ${all} | ${processed} | ${unsafe} | ${gap} | ${time} |`;
    }),
    "",
  ];
}

/** Puts lines between the markers of a page. */
function fill(page, marker, lines) {
  const path = join(ROOT, page);
  const text = readFileSync(path, "utf8");
  const [begin, end] = [`<!-- measured: ${marker} -->`, `<!-- /measured: ${marker} -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${page} has no place for the ${marker} tier`);
  writeFileSync(path, `${text.slice(0, from + begin.length)}\n${lines.join("\n").trim()}\n${text.slice(to)}`);
  console.log(`written: ${page}`);
}
