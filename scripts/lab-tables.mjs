// Measures the lab and writes its tables into the docs: docs/lab.md (how often each scenario came out as expected) and docs/solution.md (what
// each remedy leaves). Takes hours; each run is kept, and the same command goes on where it was stopped. Runs go in passes: one seed for every
// scenario and twin, then the next, so that what has been measured when it is stopped is even.
//
//   node scripts/lab-tables.mjs                    every scenario and twin 20 times, embedded tier
//   node scripts/lab-tables.mjs --tier kube --runs 3 --seed 1 --only gcp-4.4.7-crud,gcp-4.4.7-crud.fixed
//   node scripts/lab-tables.mjs --speed 10 --until 23:15      begins no run after that time, UTC
//   node scripts/lab-tables.mjs --matrix --tier netns         the matrix
//   node scripts/lab-tables.mjs --write            only writes what has been measured into the docs
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "./lib/proc.mjs";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "20" },
    tier: { type: "string", default: "embedded" },
    seed: { type: "string", default: "1" },
    speed: { type: "string" },
    only: { type: "string" },
    until: { type: "string" },
    results: { type: "string", default: join(ROOT, "tmp/lab-tables") },
    cli: { type: "string", default: join(ROOT, "packages/cli/dist/bin.js") },
    matrix: { type: "boolean", default: false },
    // The logs of runs that came as expected, too.
    keep: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    // What else the machine did meanwhile.
    machine: { type: "string", default: "" },
  },
});
/** The longest run there is takes four minutes. */
const AT_MOST_MS = 420_000;
const dir = join(values.results, values.tier);
mkdirSync(dir, { recursive: true });
const common = ["--tier", values.tier, ...(values.speed === undefined ? [] : ["--speed", values.speed])];

const { scenarios } = JSON.parse((await lab("list")).text);
const only = values.only?.split(",");
const cases = scenarios
  .filter(({ unavailable }) => unavailable?.[values.tier] === undefined)
  .flatMap(({ name, fixed }) => [{ name, fixed: false }, ...(fixed === null ? [] : [{ name, fixed: true }])])
  .filter(({ name, fixed }) => only === undefined || only.includes(rowName(name, fixed)));
if (values.write) writeTables();
else if (values.matrix) await matrices();
else await measure();

async function measure() {
  for (let pass = 0; pass < Number(values.runs); pass++)
    for (const each of cases) if (!late()) await played(each, Number(values.seed) + pass);
}

/** One run; what it was is written down, also where it did not come to its end. */
async function played({ name, fixed }, seed) {
  const row = join(dir, rowName(name, fixed));
  const file = join(row, `${seed}.json`);
  if (existsSync(file)) return;
  mkdirSync(row, { recursive: true });
  const logs = join(row, `${seed}.logs`);
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
  const run =
    text === "" ? { reproduced: false, differs: [`not played: exit code ${code}, ${error.trim()}`] } : JSON.parse(text);
  if (run.reproduced && !values.keep) rmSync(logs, { recursive: true, force: true });
  writeFileSync(file, JSON.stringify({ ...run, seed, tookMs }));
  const said = run.reproduced ? "ok  " : `DIFF ${run.differs.join("; ")}`;
  console.log(
    `${new Date().toISOString().slice(11, 19)} ${rowName(name, fixed)} ${seed} ${(tookMs / 1_000).toFixed(0)} s ${said}`,
  );
}

async function matrices() {
  for (const { name, fixed } of cases) {
    const path = join(dir, `${name}.matrix.json`);
    if (fixed || late() || existsSync(path)) continue;
    const { text } = await lab("matrix", name, "--seed", values.seed, "--quiet", ...common);
    if (text !== "") writeFileSync(path, text);
    console.log(`${new Date().toISOString().slice(11, 19)} matrix ${name}`);
  }
}

/** Is it time to stop? */
function late() {
  if (values.until === undefined) return false;
  return new Date().toISOString().slice(11, 16) >= values.until;
}

function rowName(name, fixed) {
  return `${name}${fixed ? ".fixed" : ""}`;
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

/** All runs of a row, by seed. */
function runsOf(name, fixed) {
  const row = join(dir, rowName(name, fixed));
  if (!existsSync(row)) return [];
  return readdirSync(row)
    .filter((file) => file.endsWith(".json"))
    .map((file) => JSON.parse(readFileSync(join(row, file), "utf8")))
    .sort((a, b) => a.seed - b.seed);
}

function matrixOf(name) {
  const path = join(dir, `${name}.matrix.json`);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : null;
}

function writeTables() {
  const speed = values.speed === undefined ? "" : ` --speed ${values.speed}`;
  const command = `node scripts/lab-tables.mjs --tier ${values.tier} --seed ${values.seed}${speed}`;
  const machine = `Node ${process.version}, ${process.platform}, ${cpus().length} cores${values.machine === "" ? "" : `, ${values.machine}`}`;
  fill("docs/lab.md", values.tier, [
    `Measured with \`${command} --runs ${values.runs}\`, stopped before its end: ${machine}. Seeds count up from ${values.seed}; each row says how many runs there were.`,
    "",
    "| scenario | as expected | with its remedy | seconds a run | seeds that differed |",
    "| --- | ---: | ---: | ---: | --- |",
    ...scenarios.map(consistencyRow),
  ]);
  const matrix = scenarios.flatMap(({ name }) => matrixTable(name));
  fill("docs/solution.md", values.tier, [
    `**Without and with the remedy, ${values.tier} tier.** The same runs as in [lab.md](lab.md#how-consistent-it-is), medians, of three masters together.`,
    "",
    "| scenario | runs | connections that failed | requests lost | writes unknown | with the remedy: runs | connections | requests | writes |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...scenarios.flatMap(beforeAndAfter),
    "",
    ...(matrix.length === 0
      ? [`\`lab matrix --tier ${values.tier}\` was not measured.`]
      : [`**Each remedy of its own**, \`${command} --matrix\`, one run each: ${machine}.`, "", ...matrix]),
  ]);
}

function consistencyRow({ name, fixed: twin, unavailable }) {
  if (unavailable?.[values.tier] !== undefined) return `| \`${name}\` | not in this tier | | | |`;
  const [setup, fixed] = [runsOf(name, false), runsOf(name, true)];
  const ratio = (runs) =>
    runs.length === 0 ? "not measured" : `${runs.filter(({ reproduced }) => reproduced).length} of ${runs.length}`;
  const times = [...setup, ...fixed].map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const median = times.length === 0 ? "" : (times[times.length >> 1] / 1_000).toFixed(0);
  const seeds = (runs, what) => {
    const differed = runs.filter(({ reproduced }) => !reproduced).map(({ seed }) => seed);
    return differed.length === 0 ? [] : [`${what}${differed.join(", ")}`];
  };
  const differed = [...seeds(setup, ""), ...seeds(fixed, "remedy: ")].join("; ");
  return `| \`${name}\` | ${ratio(setup)} | ${twin === null ? "" : ratio(fixed)} | ${median} | ${differed} |`;
}

/** What failed of a row and of its twin; nothing where neither was played. */
function beforeAndAfter({ name, fixed: twin }) {
  const cells = (runs) => {
    const played = runs.filter(({ seen }) => seen !== undefined);
    if (played.length === 0) return ["not measured", "", "", ""];
    const median = (of) => played.map(of).sort((a, b) => a - b)[played.length >> 1];
    return [
      played.length,
      median(failedConnections),
      median(({ lost }) => lost.all),
      median(({ lost }) => lost.unsafe),
    ];
  };
  const [setup, fixed] = [runsOf(name, false), runsOf(name, true)];
  if (setup.length + fixed.length === 0) return [];
  const after = twin === null ? ["none needed", "", "", ""] : cells(fixed);
  return [`| ${[`\`${name}\``, ...cells(setup), ...after].join(" | ")} |`];
}

/** Connections whose end cost something, or that never came to be; requests that crossed a GOAWAY are no failure of theirs. */
function failedConnections({ seen }) {
  return seen
    .filter(
      ({ scope, type, close }) =>
        scope === "connection" && type !== null && !(type === "h2.goaway" && close !== "broken-promise"),
    )
    .reduce((sum, { count }) => sum + count, 0);
}

function matrixTable(name) {
  const result = matrixOf(name);
  if (result === null) return [];
  return [
    `**${name}**`,
    "",
    "| remedy | left over | requests lost | of them processed or unknown | writes unknown | longest without a new connection | rollout |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
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
