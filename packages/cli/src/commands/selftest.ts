import { randomInt } from "node:crypto";
import { mkdirSync } from "node:fs";
import { SCENARIOS, type Scenario } from "@drainprobe/testbed";
import type { Command } from "commander";
import { commandLineSource } from "../flags/command-line.js";
import { nearest } from "../flags/nearest.js";
import { SELFTEST_FLAGS } from "../flags/selftest-flags.js";
import { type Merged, mergeSettings } from "../flags/settings.js";
import { type CliIo, EXIT, print } from "../io.js";
import { ConfusionMatrix } from "../selftest/matrix.js";
import { inParallel } from "../selftest/parallel.js";
import { missingHere } from "../selftest/requirements.js";
import { runScenario, type ScenarioResult } from "../selftest/run-scenario.js";
import { fileProblem } from "../system-error.js";
import { paletteFor } from "../text/colour.js";
import { formatDuration, plural } from "../text/format.js";
import { table } from "../text/layout.js";
import { printable } from "../text/printable.js";
import { UsageError } from "../usage-error.js";

type SelftestSettings = Merged<typeof SELFTEST_FLAGS>["settings"];

const MAX_SEED = 0xffff_ffff;

interface Task {
  readonly scenario: Scenario;
  readonly engine: "wire" | "node";
  readonly seed: number;
}

/** `drainprobe selftest`. Exit code 2 when anything lies off the diagonal: then the instrument is broken. */
export async function selftestCommand(command: Command, io: CliIo): Promise<number> {
  const { settings } = mergeSettings(SELFTEST_FLAGS, [commandLineSource(command, SELFTEST_FLAGS)]);
  const chosen = chooseScenarios(settings);
  if (settings.list) {
    await print(io.stdout, `${table(chosen.map(listRow), "ll", 0).join("\n")}\n`);
    return EXIT.pass;
  }
  if (settings.keep !== undefined) makeFolder(settings.keep);
  const seed = settings.seed ?? randomInt(MAX_SEED);
  const { tasks, left } = planTasks(chosen, settings, seed);
  const palette = paletteFor(io.stderr, io.env);
  const results = await inParallel(tasks, settings.parallel, async (task) => {
    const result = await runScenario(task.scenario, {
      ...task,
      ...(settings.keep === undefined ? {} : { keepFailedIn: settings.keep }),
    });
    io.stderr.write(`${result.passed ? palette.green("ok  ") : palette.red("FAIL")} ${resultWords(result)}\n`);
    return result;
  });
  const matrix = new ConfusionMatrix();
  for (const result of results) matrix.add(result.cells);
  const failed = results.filter((result) => !result.passed);
  await print(
    io.stdout,
    settings.json ? asJson(seed, results, left, matrix) : asText(seed, results, left, matrix, settings.matrix),
  );
  return failed.length === 0 && matrix.offDiagonal().length === 0 ? EXIT.pass : EXIT.misuse;
}

function chooseScenarios({ scenario, all }: SelftestSettings): readonly Scenario[] {
  if (scenario.length === 0) return SCENARIOS.filter(({ selfTest }) => all || selfTest);
  return scenario.map((name) => {
    const found = SCENARIOS.find((candidate) => candidate.name === name);
    if (found !== undefined) return found;
    const near = nearest(
      name,
      SCENARIOS.map((candidate) => candidate.name),
    );
    throw new UsageError(
      `--scenario "${name}": no such scenario; ${near === null ? "drainprobe selftest --all --list shows them" : `did you mean ${near}?`}`,
    );
  });
}

function listRow({ name, title, selfTest, needs }: Scenario): string[] {
  const marks = [...(selfTest ? ["in run's self-test"] : []), ...(needs ?? []).map((need) => `needs ${need}`)];
  return [name, marks.length === 0 ? title : `${title} (${marks.join(", ")})`];
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new UsageError(`--keep ${folder}: ${fileProblem(error)}`);
  }
}

function planTasks(
  chosen: readonly Scenario[],
  { engine, repeat }: SelftestSettings,
  seed: number,
): { readonly tasks: readonly Task[]; readonly left: readonly string[] } {
  const engines = engine === "both" ? (["wire", "node"] as const) : ([engine] as const);
  const playable = chosen.filter((scenario) => missingHere(scenario).length === 0);
  const tasks = Array.from({ length: repeat }, (_, round) => round).flatMap((round) =>
    engines.flatMap((name) =>
      playable.map((scenario) => ({ scenario, engine: name, seed: (seed + round) % (MAX_SEED + 1) })),
    ),
  );
  const left = chosen
    .filter((scenario) => !playable.includes(scenario))
    .map((scenario) => `${scenario.name} (needs ${missingHere(scenario).join(", ")})`);
  return { tasks, left };
}

function resultWords({ scenario, engine, seed, durationNs, problems, log }: ScenarioResult): string {
  const kept = log === null ? "" : ` (log: ${log})`;
  const head = `${scenario} ${engine} seed ${seed}, ${formatDuration(durationNs)}${kept}`;
  return [head, ...problems.map((problem) => `       ${printable(problem)}`)].join("\n");
}

function asText(
  seed: number,
  results: readonly ScenarioResult[],
  left: readonly string[],
  matrix: ConfusionMatrix,
  grid: boolean,
): string {
  const failed = results.filter((result) => !result.passed).length;
  const off = matrix.offDiagonal().reduce((sum, cell) => sum + cell.count, 0);
  const hidden = new Map(
    results.flatMap(({ scenario, hidden: why }) => (why === null ? [] : [[scenario, why] as const])),
  );
  return [
    failed === 0
      ? `PASS: ${plural(results.length, "scenario")} played, every verdict as expected, every replay equal to the live run.`
      : `FAIL: ${failed} of ${plural(results.length, "scenario")} named wrongly.`,
    `first seed ${seed}; ${off === 0 ? "nothing lies off the diagonal" : `${plural(off, "verdict")} off the diagonal`}`,
    "",
    grid ? "Confusion matrix (rows: expected, columns: seen)" : "Verdicts expected and seen",
    ...(grid ? matrix.gridLines() : matrix.summaryLines()),
    ...(hidden.size === 0 ? [] : ["", "What the node engine cannot show"]),
    ...table([...hidden], "ll", 2),
    ...(left.length === 0 ? [] : ["", `Not played on this machine: ${left.join(", ")}`]),
    "",
  ].join("\n");
}

function asJson(
  seed: number,
  results: readonly ScenarioResult[],
  left: readonly string[],
  matrix: ConfusionMatrix,
): string {
  const passed = results.every((result) => result.passed);
  return `${JSON.stringify({ schema: "drainprobe.selftest/1", passed, seed, scenarios: results, notPlayed: left, matrix: matrix.cells(), offDiagonal: matrix.offDiagonal() }, null, 2)}\n`;
}
