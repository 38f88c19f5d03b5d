import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProbe, type Probe, type Verdict } from "@drainprobe/core";
import type { Scenario } from "@drainprobe/testbed";
import { fileProblem } from "../system-error.js";
import { UsageError } from "../usage-error.js";
import { type Comparison, compare, everythingSeen, type MatrixCell } from "./compare.js";
import { planOptions } from "./plan.js";
import { replayDifference } from "./replay-check.js";

/** After the scenario is played, the probe gets this long to notice what it is expected to notice. */
const PATIENCE_MS = 10_000;
/** A scenario that does not come to its end is broken, and so is whatever hangs on it. */
const SCENARIO_DEADLINE_MS = 20_000;
const LOOK_AGAIN_MS = 10;

export interface RunScenarioOptions {
  readonly engine: "wire" | "node";
  readonly seed: number;
  /** Folder in which to keep the log of a scenario that was named wrongly. */
  readonly keepFailedIn?: string;
}

export interface ScenarioResult {
  readonly scenario: string;
  readonly engine: "wire" | "node";
  readonly seed: number;
  readonly passed: boolean;
  /** Why it did not pass, each in one line. */
  readonly problems: readonly string[];
  readonly cells: readonly MatrixCell[];
  /** What node:http2 hides here, where that engine was used. */
  readonly hidden: string | null;
  readonly durationNs: number;
  /** The kept log of a failed scenario. */
  readonly log: string | null;
}

/**
 * Plays one scenario against the real probe: starts it, probes it until all that is expected was seen, compares the
 * verdicts with the expected ones, and checks that a replay of the recorded log gives the same verdicts, byte for byte.
 *
 * Never rejects for something the probe or the scenario did: that is a failed result. Throws {@link UsageError} where
 * there is no folder for its log.
 */
export async function runScenario(scenario: Scenario, options: RunScenarioOptions): Promise<ScenarioResult> {
  const { engine, seed, keepFailedIn } = options;
  const started = process.hrtime.bigint();
  const folder = temporaryFolder();
  const file = join(folder, "run.jsonl");
  try {
    const played = await play(scenario, engine, seed, file).catch((error: unknown) => failure(error));
    const passed = played.problems.length === 0;
    const log =
      passed || keepFailedIn === undefined ? null : join(keepFailedIn, `${scenario.name}.${engine}.${seed}.jsonl`);
    if (log !== null) copyFileSync(file, log);
    const durationNs = Number(process.hrtime.bigint() - started);
    return { scenario: scenario.name, engine, seed, passed, ...played, durationNs, log };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function temporaryFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), "drainprobe-"));
  } catch (error) {
    throw new UsageError(
      `the self-test wants to write to ${tmpdir()}: ${fileProblem(error)}; set TMPDIR to a folder it can use`,
    );
  }
}

function failure(error: unknown): Comparison {
  return {
    problems: [`could not be played: ${error instanceof Error ? error.message : String(error)}`],
    cells: [],
    hidden: null,
  };
}

async function play(scenario: Scenario, engine: "wire" | "node", seed: number, file: string): Promise<Comparison> {
  const running = await within(SCENARIO_DEADLINE_MS, scenario.start(seed), "it did not start");
  try {
    const verdicts: Verdict[] = [];
    const abort = new AbortController();
    await using probe = await createProbe({
      ...planOptions(scenario.plan, running, engine),
      log: file,
      signal: abort.signal,
      onVerdict: (verdict) => verdicts.push(verdict),
    });
    if (scenario.plan.abortWhen === "fault.fired") void running.fired.then(() => abort.abort());
    await within(SCENARIO_DEADLINE_MS, running.settled, "it did not settle");
    await seenEverything(scenario, probe, verdicts, engine);
    const summary = await probe.stop();
    const comparison = compare(scenario.expected, { verdicts, ok: summary.requests.ok }, engine);
    const difference = await replayDifference(file, summary, verdicts);
    return difference === null ? comparison : { ...comparison, problems: [...comparison.problems, difference] };
  } finally {
    await running.close();
  }
}

/** Waits until what is expected was seen; what is still missing then is a miss, which the comparison will tell. */
async function seenEverything(
  scenario: Scenario,
  probe: Probe,
  verdicts: readonly Verdict[],
  engine: "wire" | "node",
): Promise<void> {
  const deadline = process.hrtime.bigint() + BigInt(PATIENCE_MS) * 1_000_000n;
  let ended = false;
  void probe.finished.then(() => {
    ended = true;
  });
  while (!ended && !everythingSeen(scenario.expected, { verdicts, ok: probe.snapshot().requests.ok }, engine)) {
    if (process.hrtime.bigint() > deadline) return;
    await pause(LOOK_AGAIN_MS);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

async function within<T>(ms: number, promise: Promise<T>, otherwise: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${otherwise} within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
