/** The tables of docs/bench.md, from the committed results of `npm run bench -- --save`. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fill } from "./docs.mjs";

const NAMES = ["churn", "throughput", "fidelity", "scale", "log"];

/** @param {string} folder `bench/results` */
export function readResults(folder) {
  return NAMES.map((name) => join(folder, `${name}.json`))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, "utf8")));
}

/** docs/bench.md with its tables. */
export function benchPage(page, results) {
  const withMachine = fill(page, "machine", machineTable(results));
  return fill(fill(withMachine, "goals", goalTable(results)), "tables", sectionTables(results));
}

/** Where and when it was measured: one row for each bench. */
function machineTable(results) {
  return markdown(
    ["bench", "date", "seed", "processor", "load before it", "kernel", "Node, OpenSSL", "took"],
    results.map(({ bench, date, seed, machine, seconds }) => [
      bench,
      date.slice(0, 16).replace("T", " "),
      String(seed),
      `${machine.cores} × ${machine.cpu}`,
      short(machine.load),
      machine.kernel,
      `${machine.node}, ${machine.openssl}`,
      `${Math.round(seconds)} s`,
    ]),
  );
}

/** Every goal, met or missed, with the median and the spread of its ratio. */
function goalTable(results) {
  const rows = results.flatMap(({ sections }) => sections.flatMap(({ goals }) => goals));
  return markdown(
    ["goal", "at most or at least", "median", "spread", ""],
    rows.map(({ what, atMost, atLeast, measured }) => {
      const bound = atMost === undefined ? `≥ ${plain(atLeast)}` : `≤ ${plain(atMost)}`;
      if (measured === null || measured.median === null) return [what, bound, "–", "–", "not measured"];
      const { median, min, max } = measured;
      const met = median <= (atMost ?? Infinity) && median >= (atLeast ?? 0);
      const digits = atLeast !== undefined && atLeast < 1 ? (value) => value.toFixed(4) : short;
      const spread = min === max ? "–" : `${digits(min)} to ${digits(max)}`;
      return [what, bound, digits(median), spread, met ? "met" : "**missed**"];
    }),
  );
}

/** One table for each section of a bench, with what must be known about it below. */
function sectionTables(results) {
  return results
    .flatMap(({ bench, sections }) =>
      sections.map((section) =>
        [
          `#### ${bench}: ${section.title}`,
          "",
          section.rows === undefined ? freeTable(section.table) : rowTable(section.rows, section.operation ?? "op"),
          "",
          ...(section.rows ?? []).map(({ name, version, note }) => `- ${name.trim()} (${version}): ${note}`),
          ...section.facts.map((fact) => `- ${fact}`),
        ].join("\n"),
      ),
    )
    .join("\n\n");
}

function rowTable(rows, operation) {
  const ours = rows.find(({ name }) => name === "drainprobe");
  return markdown(
    ["", `CPU of one ${operation}, µs`, "spread", "user", "system", "drainprobe to it", "failed", "repetitions"],
    rows.map(({ name, cpuUs, userUs, systemUs, failed, repetitions }) => [
      name.trim(),
      short(cpuUs.median),
      `${short(cpuUs.min)} to ${short(cpuUs.max)}`,
      short(userUs.median),
      short(systemUs.median),
      ours === undefined ? "–" : short(ours.cpuUs.median / cpuUs.median),
      String(failed),
      String(repetitions),
    ]),
  );
}

function freeTable([head = [], ...rows] = []) {
  return markdown(head, rows);
}

function markdown(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${" --- |".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

/** A bound, as it was written. */
function plain(value) {
  return String(value);
}

/** Three digits that say something. */
function short(value) {
  if (typeof value !== "number" || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e6) return String(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}
