import type { LabScenario } from "@drainprobe/testbed";
import type { Palette } from "../text/colour.js";
import { plural } from "../text/format.js";
import { table, wrap } from "../text/layout.js";
import { isChance } from "./chance.js";
import { words } from "./judge.js";
import type { LabRun, SeenKind } from "./run-result.js";

const WIDTH = 78;
/** A lab whose balancer or witness stands still for so long is not the lab that was asked for. */
const LATE_MS = 250;

/** `gcp-4.4.7-crud, embedded, seed 7`. */
export function runName({ scenario, fixed, tier, seed }: LabRun): string {
  return `${scenario}${fixed ? ", fixed" : ""} (${tier}, seed ${seed})`;
}

/** What one run showed, for people. */
export function runText(run: LabRun, scenario: LabScenario, palette: Palette): string {
  const failures = run.seen.filter(({ type }) => type !== null);
  const wrapped = (text: string): string[] => wrap(text, WIDTH - 2).map((line) => `  ${line}`);
  const lines = [
    `${headline(run, palette)}`,
    "",
    `${palette.bold(scenario.title)}`,
    ...wrapped(run.fixed || scenario.fixed === null ? `Remedy: ${scenario.remedy}` : scenario.cause),
    "",
    "What the probes of the three masters saw on the VIP",
    ...(run.seen.length === 0 ? ["  nothing but answers"] : table(run.seen.map(seenRow), "rllr", 2)),
    "",
    `${plural(run.requests, "request")}, ${run.lost.all} lost: ${run.lost.all - run.lost.processed} provably not processed, ` +
      `${run.lost.processed - run.lost.unsafe} reads, ${run.lost.unsafe} writes of which nobody knows`,
    `longest time without a new connection ${(run.newConnectionGapMs / 1_000).toFixed(2)} s; ` +
      `rollout ${(run.rolloutMs / 1_000).toFixed(1)} s${run.speed === 1 ? "" : ` at speed ${run.speed}`}`,
    ...(run.differs.length === 0
      ? []
      : ["", palette.red("Not as expected"), ...run.differs.map((line) => `  ${line}`)]),
    ...(run.missed.length === 0
      ? []
      : ["", palette.yellow("Not in this run, by chance"), ...run.missed.map(({ what }) => `  ${what}`)]),
    ...(run.logs.length === 0 ? [] : ["", "Logs", ...run.logs.map((log) => `  ${log}`)]),
    ...(failures.length === 0 || run.fixed || scenario.fixed === null
      ? []
      : ["", ...wrap(`Remedy: ${scenario.remedy}`, WIDTH), `  drainprobe lab run ${scenario.name} --fixed`]),
    "",
  ];
  return lines.join("\n");
}

/** The verdict on a run in one line. */
export function headline(run: LabRun, palette: Palette): string {
  return `${said(run, palette)}  ${runName(run)}`;
}

/** Why a run did not come as expected, chance included. */
export function reasons({ differs, missed }: LabRun): readonly string[] {
  return [...differs, ...missed.map(({ what }) => what)];
}

function said({ reproduced, fixed, differs }: LabRun, palette: Palette): string {
  if (reproduced) return palette.green(fixed ? "HOLDS" : "REPRODUCED");
  return differs.length > 0 ? palette.red("DIFFERS") : palette.yellow("NOT THIS TIME");
}

/** Did the lab's own process or one of its probes stand still, so that the run says nothing of its scenario? */
export function stoodStill({ lateMs, probeLateMs }: LabRun): boolean {
  return Math.max(lateMs, probeLateMs) > LATE_MS;
}

/** Of what need not come in every run, what was missing so often that it is no chance: in words. Runs that {@link stoodStill} do not count. */
export function tooOftenMissed(all: readonly LabRun[]): readonly string[] {
  const runs = all.filter((run) => !stoodStill(run));
  const chances = new Map(runs.flatMap(({ missed }) => missed.map(({ what, chance }) => [what, chance] as const)));
  return [...chances].flatMap(([what, chance]) => {
    const misses = runs.filter(({ missed }) => missed.some((each) => each.what === what)).length;
    return isChance(misses, runs.length, chance) ? [] : [`${what} in ${misses} of ${runs.length} runs`];
  });
}

function seenRow(kind: SeenKind): string[] {
  const { scope, type, close, hairpin, count, requests, unsafe, expected } = kind;
  const name = type === null ? "ended well" : type;
  const lost =
    scope === "connection" && requests > 0
      ? `${requests} requests lost${unsafe > 0 ? `, ${unsafe} unsafe to retry` : ""}`
      : "";
  return [
    String(count),
    `${scope} ${name}${close === null ? "" : ` / ${close}`}${hairpin === true ? ", local IP = VIP" : ""}`,
    expected || type === null ? "" : "NOT EXPECTED",
    lost,
  ];
}

/** How often a scenario came out as expected. */
export function repeatText(runs: readonly LabRun[], palette: Palette): string {
  const good = runs.filter(({ reproduced }) => reproduced).length;
  const [first] = runs;
  if (first === undefined) return "";
  const name = `${first.scenario}${first.fixed ? ", fixed" : ""} (${first.tier})`;
  const ratio = `${good} of ${runs.length}`;
  const tooOften = tooOftenMissed(runs);
  const asExpected = runs.every(({ differs }) => differs.length === 0) && tooOften.length === 0;
  return [
    `${asExpected ? palette.green(ratio) : palette.red(ratio)}  ${name}, seeds ${first.seed} to ${runs.at(-1)?.seed}`,
    "",
    "How often each expected verdict came, from the fewest in a run to the most",
    ...table(
      first.expected.map((_, index) => spread(runs, index)),
      "rl",
      2,
    ),
    ...runs
      .filter(({ differs }) => differs.length > 0)
      .flatMap((run) => ["", palette.red(`seed ${run.seed} differed`), ...run.differs.map((line) => `  ${line}`)]),
    ...runs
      .filter(({ missed }) => missed.length > 0)
      .flatMap((run) => [
        "",
        palette.yellow(`seed ${run.seed}, by chance`),
        ...run.missed.map(({ what }) => `  ${what}`),
      ]),
    ...tooOften.flatMap((line) => ["", palette.red("too often for chance"), `  ${line}`]),
    "",
  ].join("\n");
}

function spread(runs: readonly LabRun[], index: number): string[] {
  const counts = runs.map((run) => run.expected[index]?.seen ?? 0);
  const expectation = runs[0]?.expected[index];
  const range = `${Math.min(...counts)} to ${Math.max(...counts)}`;
  return [range, expectation === undefined ? "" : words(expectation)];
}

/** All scenarios, for people. */
export function listText(scenarios: readonly LabScenario[], palette: Palette): string {
  return scenarios
    .map(({ name, title, expected, fixed }) => {
      const fails = expected.filter(({ type, count }) => type != null && count?.min !== 0).map(words);
      return [
        palette.bold(name),
        `  ${title}`,
        ...wrap(fails.length === 0 ? "nothing may fail" : fails.join("; "), WIDTH - 4).map((line) => `    ${line}`),
        ...(fixed === null ? ["    (no fixed twin: there is nothing to mend)"] : []),
        "",
      ].join("\n");
    })
    .join("\n");
}
