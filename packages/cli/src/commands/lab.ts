import { join } from "node:path";
import { LAB_SCENARIOS } from "@drainprobe/testbed";
import type { Command } from "commander";
import { commandLineSource } from "../flags/command-line.js";
import { LAB_FLAGS } from "../flags/lab-flags.js";
import { mergeSettings } from "../flags/settings.js";
import { type CliIo, EXIT, print } from "../io.js";
import { takeDown } from "../lab/lab-root.js";
import { LabSession, type LabSettings, scenarioNamed, TierMissing } from "../lab/lab-session.js";
import { listText, reasons, repeatText, runName, runText, stoodStill, tooOftenMissed } from "../lab/lab-text.js";
import { cells, type MatrixRow, matrixCases, matrixText, rowOf } from "../lab/matrix.js";
import type { LabRun } from "../lab/run-result.js";
import { type Palette, paletteFor } from "../text/colour.js";
import { jsonText } from "../text/json.js";
import { UsageError } from "../usage-error.js";

type Action = (settings: LabSettings, name: string | undefined, io: CliIo) => Promise<number>;

const ACTIONS: Readonly<Record<string, Action>> = { list, run, repeat, matrix, down };

/** `drainprobe lab WHAT [SCENARIO]`. Exit code 0: all came as expected, 1: it did not, 3: it could not be played or was interrupted. */
export async function labCommand(command: Command, args: readonly string[], io: CliIo): Promise<number> {
  const { settings } = mergeSettings(LAB_FLAGS, [commandLineSource(command, LAB_FLAGS)]);
  const [what = "", name, ...more] = args;
  const action = Object.hasOwn(ACTIONS, what) ? ACTIONS[what] : undefined;
  if (action === undefined) throw new UsageError(`lab ${what}: there is ${Object.keys(ACTIONS).join(", ")}`);
  if (more.length > 0) throw new UsageError(`lab ${what} takes one scenario: leave out ${more.join(" ")}`);
  try {
    return await action(settings, name, io);
  } catch (error) {
    if (!(error instanceof TierMissing)) throw error;
    io.stderr.write(`drainprobe: ${error.message}\n`);
    return EXIT.inconclusive;
  }
}

/** A run that differs on a machine that stood still says nothing of the scenario; nor does one alone that had no luck. */
function exitCode(runs: readonly LabRun[]): number {
  const differed = runs.filter(({ differs }) => differs.length > 0);
  if (tooOftenMissed(runs).length > 0) return EXIT.fail;
  if (differed.length > 0) return differed.every(stoodStill) ? EXIT.inconclusive : EXIT.fail;
  return runs.some(({ reproduced }) => reproduced) ? EXIT.pass : EXIT.inconclusive;
}

async function list({ json }: LabSettings, _name: string | undefined, io: CliIo): Promise<number> {
  const text = json
    ? asJson({ scenarios: LAB_SCENARIOS })
    : `${listText(LAB_SCENARIOS, paletteFor(io.stdout, io.env))}`;
  await print(io.stdout, text);
  return EXIT.pass;
}

async function run(settings: LabSettings, name: string | undefined, io: CliIo): Promise<number> {
  const scenario = scenarioNamed(name, settings);
  const session = await LabSession.open(settings, io);
  session.announce(scenario, settings.fixed, session.seed);
  const result = await session.interruptible(() =>
    session.play(scenario, {
      fixed: settings.fixed,
      seed: session.seed,
      ...(settings.out === undefined ? {} : { out: settings.out }),
    }),
  );
  if (result === null) return EXIT.inconclusive;
  await print(io.stdout, settings.json ? asJson(result) : runText(result, scenario, paletteFor(io.stdout, io.env)));
  return exitCode([result]);
}

async function repeat(settings: LabSettings, name: string | undefined, io: CliIo): Promise<number> {
  const scenario = scenarioNamed(name, settings);
  const session = await LabSession.open(settings, io);
  const palette = paletteFor(io.stderr, io.env);
  const runs: LabRun[] = [];
  const whole = await session.interruptible(async () => {
    for (let index = 0; index < settings.runs; index++) {
      const seed = session.seedOf(index);
      session.announce(scenario, settings.fixed, seed);
      const out = settings.out === undefined ? {} : { out: join(settings.out, String(seed)) };
      const result = await session.play(scenario, { fixed: settings.fixed, seed, ...out });
      runs.push(result);
      const why = reasons(result).map((line) => `\n       ${line}`);
      io.stderr.write(`${mark(result, palette)} ${index + 1}/${settings.runs} ${runName(result)}${why.join("")}\n`);
    }
    return true;
  });
  const reproduced = runs.filter((each) => each.reproduced).length;
  const differed = runs.filter((each) => !each.reproduced).map(({ seed }) => seed);
  await print(
    io.stdout,
    settings.json
      ? asJson({ scenario: scenario.name, fixed: settings.fixed, tier: settings.tier, runs, reproduced, differed })
      : repeatText(runs, paletteFor(io.stdout, io.env)),
  );
  if (whole === null) return EXIT.inconclusive;
  return exitCode(runs);
}

function mark({ reproduced, differs }: LabRun, palette: Palette): string {
  if (reproduced) return palette.green("ok  ");
  return differs.length > 0 ? palette.red("DIFF") : palette.yellow("miss");
}

async function matrix(settings: LabSettings, name: string | undefined, io: CliIo): Promise<number> {
  const one = name === undefined ? null : scenarioNamed(name, { ...settings, fixed: false });
  const session = await LabSession.open(settings, io);
  const palette = paletteFor(io.stderr, io.env);
  const scenarios =
    one === null ? LAB_SCENARIOS.filter(({ unavailable }) => unavailable?.[settings.tier] === undefined) : [one];
  const cases = scenarios.flatMap((scenario) => {
    const base = session.setupOf(scenario, false);
    return base === null ? [] : matrixCases(scenario, base, session.setupOf(scenario, true));
  });
  const rows: MatrixRow[] = [];
  const whole = await session.interruptible(async () => {
    for (const [index, each] of cases.entries()) {
      const { scenario, remedy, setup, fixed } = each;
      session.announce(scenario, fixed, session.seed);
      const out = settings.out === undefined ? {} : { out: join(settings.out, scenario.name, remedy) };
      const row = rowOf(each, await session.playSetup(scenario, setup, { fixed, seed: session.seed, ...out }));
      rows.push(row);
      const said = row.mended ? palette.green("clean") : palette.red("fails");
      io.stderr.write(`${said} ${index + 1}/${cases.length} ${scenario.name} + ${remedy}: ${cells(row)[1] ?? ""}\n`);
    }
    return true;
  });
  await print(
    io.stdout,
    settings.json
      ? asJson({ tier: settings.tier, speed: session.speed, rows })
      : matrixText(rows, paletteFor(io.stdout, io.env)),
  );
  if (whole === null) return EXIT.inconclusive;
  return rows.every(({ remedy, mended }) => remedy !== "all" || mended) ? EXIT.pass : EXIT.fail;
}

async function down({ json }: LabSettings, _name: string | undefined, io: CliIo): Promise<number> {
  const removed = await takeDown();
  const text = removed.length === 0 ? "nothing of a lab is left\n" : `${removed.join("\n")}\n`;
  await print(io.stdout, json ? asJson({ removed }) : text);
  return EXIT.pass;
}

function asJson(value: object): string {
  return `${jsonText({ schema: "drainprobe.lab/1", ...value }, 2)}\n`;
}
