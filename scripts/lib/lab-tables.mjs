// The tables of docs/lab.md and docs/solution.md, from what was measured.
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { TOLERANCE } from "../../packages/cli/dist/lab/row-tolerance.js";
import { agreement } from "./lab-agreement.mjs";
import { LabRuns } from "./lab-runs.mjs";
import { ROOT } from "./proc.mjs";

/** Writes the tables of one tier into both pages. */
export function writeLabTables(runs, scenarios) {
  const { tier } = runs;
  fill("docs/lab.md", tier, [
    conditions(runs),
    "",
    "| scenario | as expected | with its remedy | seconds a run | seeds that differed |",
    "| --- | ---: | ---: | ---: | --- |",
    ...scenarios.map((scenario) => consistencyRow(runs, scenario)),
    totals(runs),
    ...differences(runs),
  ]);
  const matrix = scenarios.flatMap(({ name }) => matrixTable(runs, name));
  fill("docs/solution.md", tier, [
    `**Without and with the remedy, ${tier} tier.** The same runs as in [lab.md](lab.md#how-consistent-it-is), medians, of three masters together.`,
    "",
    "| scenario | runs | connections that failed | requests lost | writes unknown | with the remedy: runs | connections | requests | writes |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...scenarios.flatMap((scenario) => beforeAndAfter(runs, scenario)),
    "",
    ...(matrix.length === 0
      ? [`\`lab matrix --tier ${tier}\` was not measured.`]
      : [
          `**Each remedy of its own** (\`node scripts/lab-tables.mjs --tier ${tier} --matrix\`), one run each.`,
          "",
          ...matrix,
        ]),
  ]);
}

/** Writes how netns and embedded agree with kube. */
export function writeAgreement(folder, scenarios) {
  const [kube, netns, embedded] = ["kube", "netns", "embedded"].map((tier) => new LabRuns(folder, tier));
  const rows = { netns: agreement(scenarios, kube, netns), embedded: agreement(scenarios, kube, embedded) };
  const find = (tier, name, fixed) => rows[tier].find((row) => row.name === name && row.fixed === fixed);
  const cell = (row) => (row === undefined ? "not compared" : row.differences.length === 0 ? "equal" : "differs");
  const runsCell = (row) => (row === undefined ? "" : `${row.otherRuns} at speed ${row.speed}`);
  const lines = scenarios.flatMap(({ name }) =>
    [false, true].flatMap((fixed) => {
      const [of, beside] = [find("netns", name, fixed), find("embedded", name, fixed)];
      if (of === undefined && beside === undefined) return [];
      const cells = [(of ?? beside).kubeRuns, runsCell(of), cell(of), runsCell(beside), cell(beside)];
      return [`| ${[`\`${name}\`${fixed ? " with its remedy" : ""}`, ...cells].join(" | ")} |`];
    }),
  );
  const told = Object.entries(rows).flatMap(([tier, list]) =>
    list
      .filter(({ differences }) => differences.length > 0)
      .map(
        ({ name, fixed, differences }) =>
          `- \`${name}\`${fixed ? " with its remedy" : ""}, ${tier}: ${differences.join("; ")}`,
      ),
  );
  const equal = (tier) => rows[tier].filter(({ differences }) => differences.length === 0).length;
  fill("docs/lab-tiers.md", "tiers", [
    `Typical runs (medians of all that came as expected, \`node scripts/lab-tables.mjs --write\`), tolerance ${TOLERANCE.timeMs / 1_000} s: netns equals kube in ${equal("netns")} of ${rows.netns.length} rows, embedded in ${equal("embedded")} of ${rows.embedded.length}.`,
    "",
    "| row | kube: runs | netns: runs | | embedded: runs | |",
    "| --- | --- | --- | --- | --- | --- |",
    ...lines,
    ...(told.length === 0 ? [] : ["", "What differs:", "", ...told]),
  ]);
}

/** The command and the machine, as the runs tell them. */
function conditions({ tier, all }) {
  const of = (pick) => [...new Set(all.map(pick))].filter((each) => each !== null).sort();
  const range = (numbers) => {
    const sorted = [...numbers].sort((a, b) => a - b);
    return `median ${sorted[sorted.length >> 1]}, at most ${sorted.at(-1)}`;
  };
  const days = of(({ at }) => at.slice(0, 10)).join(", ");
  const load = range(all.map((run) => run.load));
  const late = range(all.flatMap(({ lateMs }) => lateMs ?? []));
  return `Measured with \`node scripts/lab-tables.mjs --tier ${tier}\` on ${days}: Node ${of(({ node }) => node).join(", ")}, ${process.platform}, ${cpus().length} cores, which other work had too (load average: ${load}; the lab's own process late by ms: ${late}). Speeds: ${of(({ speed }) => speed).join(", ")}. Every run that was not stopped from outside is counted; they are in [lab/${tier}.jsonl](lab/${tier}.jsonl).`;
}

const good = (list) => list.filter(({ reproduced }) => reproduced).length;

function consistencyRow(runs, { name, fixed: twin, unavailable }) {
  if (unavailable?.[runs.tier] !== undefined) return `| \`${name}\` | not in this tier | | | |`;
  const [setup, fixed] = [runs.of(name, false), runs.of(name, true)];
  const ratio = (list) => (list.length === 0 ? "not measured" : `${good(list)} of ${list.length}`);
  const times = [...setup, ...fixed].map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const median = times.length === 0 ? "" : (times[times.length >> 1] / 1_000).toFixed(0);
  const seeds = (list, what) => {
    const differed = list.filter(({ reproduced }) => !reproduced).map(({ seed }) => seed);
    return differed.length === 0 ? [] : [`${what}${differed.join(", ")}`];
  };
  const differed = [...seeds(setup, ""), ...seeds(fixed, "remedy: ")].join("; ");
  return `| \`${name}\` | ${ratio(setup)} | ${twin === null ? "" : ratio(fixed)} | ${median} | ${differed} |`;
}

function totals({ all }) {
  const of = (fixed) => {
    const list = all.filter((run) => run.fixed === fixed);
    return `${good(list)} of ${list.length}`;
  };
  return `| all | ${of(false)} | ${of(true)} | | |`;
}

/** Each run that differed, and how. */
function differences({ all }) {
  const differed = all.filter(({ reproduced }) => !reproduced);
  if (differed.length === 0) return [];
  return [
    "",
    "How they differed:",
    "",
    ...differed.map(({ scenario, fixed, seed, differs, lateMs, probeLateMs, load }) => {
      const late = lateMs === undefined ? "" : `late by ${Math.max(lateMs, probeLateMs ?? 0)} ms, `;
      return `- \`${scenario}\`${fixed ? " with its remedy" : ""}, seed ${seed} (${late}load ${load}): ${differs.join("; ")}`;
    }),
  ];
}

/** What failed of a row and of its twin; nothing where neither was played. */
function beforeAndAfter(runs, { name, fixed: twin }) {
  const cells = (list) => {
    const played = list.filter(({ lost }) => lost !== undefined);
    if (played.length === 0) return ["not measured", "", "", ""];
    const median = (of) => played.map(of).sort((a, b) => a - b)[played.length >> 1];
    return [
      played.length,
      median(({ failedConnections }) => failedConnections),
      median(({ lost }) => lost.all),
      median(({ lost }) => lost.unsafe),
    ];
  };
  const [setup, fixed] = [runs.of(name, false), runs.of(name, true)];
  if (setup.length + fixed.length === 0) return [];
  const after = twin === null ? ["none needed", "", "", ""] : cells(fixed);
  return [`| ${[`\`${name}\``, ...cells(setup), ...after].join(" | ")} |`];
}

function matrixTable(runs, name) {
  const rows = runs.matrixOf(name);
  if (rows === null) return [];
  return [
    `**${name}**`,
    "",
    "| remedy | left over | requests lost | of them processed or unknown | writes unknown | longest without a new connection | rollout |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ...rows.map(({ remedy, failures, lost, newConnectionGapMs, rolloutMs }) => {
      const left = failures.map(
        ({ scope, type, count }) => `${count} ${scope === "request" ? "answers " : ""}\`${type}\``,
      );
      const gap = `${(newConnectionGapMs / 1_000).toFixed(2)} s`;
      const time = `${(rolloutMs / 1_000).toFixed(1)} s`;
      return `| ${remedy} | ${left.join(", ") || "nothing"} | ${lost.all} | ${lost.processed} | ${lost.unsafe} | ${gap} | ${time} |`;
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
