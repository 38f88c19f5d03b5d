// Measures the lab and writes its tables into the docs: docs/lab.md (how often each scenario came out as expected) and docs/solution.md (what
// each remedy leaves). Takes hours; each run is one line of docs/lab/TIER.jsonl, and the same command goes on where it was stopped. Runs go in
// passes: one seed for every scenario and twin, then the next, so that what has been measured when it is stopped is even.
//
//   node scripts/lab-tables.mjs                    every scenario and twin 20 times, embedded tier
//   node scripts/lab-tables.mjs --tier kube --runs 3 --seed 1 --only gcp-4.4.7-crud,gcp-4.4.7-crud.fixed
//   node scripts/lab-tables.mjs --speed 10 --until 23:15      begins no run after that time, UTC
//   node scripts/lab-tables.mjs --jobs 3           three at a time
//   node scripts/lab-tables.mjs --matrix --tier netns         the matrix
//   node scripts/lab-tables.mjs --write            only writes what has been measured into the docs
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { LabRuns, rowName } from "./lib/lab-runs.mjs";
import { writeAgreement, writeLabTables } from "./lib/lab-tables.mjs";
import { ROOT } from "./lib/proc.mjs";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "20" },
    tier: { type: "string", default: "embedded" },
    seed: { type: "string", default: "1" },
    speed: { type: "string" },
    only: { type: "string" },
    until: { type: "string" },
    jobs: { type: "string", default: "1" },
    // What was measured.
    results: { type: "string", default: join(ROOT, "docs/lab") },
    // The logs of runs that differed.
    logs: { type: "string", default: join(ROOT, "tmp/lab-tables") },
    cli: { type: "string", default: join(ROOT, "packages/cli/dist/bin.js") },
    matrix: { type: "boolean", default: false },
    // The logs of runs that came as expected, too.
    keep: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
/** The longest run there is takes four minutes. */
const AT_MOST_MS = 420_000;
const runs = new LabRuns(values.results, values.tier);
const common = ["--tier", values.tier, ...(values.speed === undefined ? [] : ["--speed", values.speed])];

const { scenarios } = JSON.parse((await lab("list")).text);
const only = values.only?.split(",");
const cases = scenarios
  .filter(({ unavailable }) => unavailable?.[values.tier] === undefined)
  .flatMap(({ name, fixed }) => [{ name, fixed: false }, ...(fixed === null ? [] : [{ name, fixed: true }])])
  .filter(({ name, fixed }) => only === undefined || only.includes(rowName(name, fixed)));
if (values.write) {
  writeLabTables(runs, scenarios);
  writeAgreement(values.results, scenarios);
} else if (values.matrix) await atOnce(cases.filter(({ fixed }) => !fixed).map((each) => () => matrix(each)));
else {
  const seeds = Array.from({ length: Number(values.runs) }, (_, pass) => Number(values.seed) + pass);
  await atOnce(seeds.flatMap((seed) => cases.map((each) => () => played(each, seed))));
}

/** Does all of them, so many at a time, until it is time to stop. */
async function atOnce(jobs) {
  const worker = async () => {
    for (let job = jobs.shift(); job !== undefined && !late(); job = jobs.shift()) await job();
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
}

/** One run; what it was is written down, also where it did not come to its end. */
async function played({ name, fixed }, seed) {
  if (runs.has(name, fixed, seed)) return;
  const logs = join(values.logs, values.tier, rowName(name, fixed), String(seed));
  const words = [
    "run",
    name,
    ...(fixed ? ["--fixed"] : []),
    "--seed",
    String(seed),
    "--out",
    logs,
    "--quiet",
    ...common,
  ];
  const startedMs = Date.now();
  const { text, error, code } = await lab(...words);
  const tookMs = Date.now() - startedMs;
  const run = text === "" ? { differs: [`not played: exit code ${code}, ${error.trim()}`] } : JSON.parse(text);
  if (run.reproduced === true && !values.keep) rmSync(logs, { recursive: true, force: true });
  const load = Number(loadavg()[0].toFixed(1));
  const speed = run.speed ?? null;
  const { reproduced, differs } = runs.add({
    scenario: name,
    fixed,
    seed,
    speed,
    at: new Date(startedMs),
    tookMs,
    load,
    run,
  });
  const said = reproduced ? "ok  " : `${run.differs.length > 0 ? "DIFF" : "miss"} ${differs.join("; ")}`;
  console.log(
    `${new Date().toISOString().slice(11, 19)} ${rowName(name, fixed)} ${seed} ${(tookMs / 1_000).toFixed(0)} s ${said}`,
  );
}

async function matrix({ name }) {
  if (runs.matrixOf(name) !== null) return;
  const { text } = await lab("matrix", name, "--seed", values.seed, "--quiet", ...common);
  if (text !== "") runs.addMatrix(name, JSON.parse(text));
  console.log(`${new Date().toISOString().slice(11, 19)} matrix ${name}${text === "" ? ": not played" : ""}`);
}

/** Is it time to stop? */
function late() {
  if (values.until === undefined) return false;
  return new Date().toISOString().slice(11, 16) >= values.until;
}

function lab(...words) {
  const child = spawn(process.execPath, [values.cli, "lab", ...words, "--json"], { stdio: ["ignore", "pipe", "pipe"] });
  // Of a run alone: a matrix has many.
  const timer = words[0] === "run" ? setTimeout(() => child.kill("SIGINT"), AT_MOST_MS) : null;
  let text = "";
  let error = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk) => {
    error += chunk;
  });
  return new Promise((resolve) =>
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ text, error, code });
    }),
  );
}
