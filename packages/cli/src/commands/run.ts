import { createProbe, DrainprobeError, type Probe, type SelfTestResult, type Summary } from "@drainprobe/core";
import type { Command } from "commander";
import { readConfigFile } from "../config/config-file.js";
import type { PlannedOptions } from "../config/planned-options.js";
import { probeOptions } from "../config/probe-options.js";
import { exitCodeOf } from "../exit-code.js";
import { commandLineSource } from "../flags/command-line.js";
import { RUN_FLAGS } from "../flags/run-flags.js";
import { type Merged, mergeSettings, type Source } from "../flags/settings.js";
import { type CliIo, EXIT, print } from "../io.js";
import { isKubeRun, type KubeRun, openKubeRun } from "../kube/kube-run.js";
import type { Progress } from "../live/progress.js";
import { progressFor } from "../live/progress-for.js";
import { openRunMetrics, type RunMetrics } from "../metrics/run-metrics.js";
import { reportWidth } from "../report/report-input.js";
import { RequestFailures } from "../report/request-failures.js";
import { textReport } from "../report/text-report.js";
import { runSelfTest } from "../selftest/self-test.js";
import { paletteFor } from "../text/colour.js";
import { formatDuration, plural } from "../text/format.js";
import { jsonText } from "../text/json.js";
import { UsageError } from "../usage-error.js";
import { dryRun } from "./dry-run.js";

const NOT_RUN: SelfTestResult = { ran: false, passed: null, scenarios: 0, failures: [], durationNs: null };

/** `drainprobe run`. */
export async function runCommand(command: Command, io: CliIo): Promise<number> {
  const merged = mergeSettings(RUN_FLAGS, sources(command));
  const early = isKubeRun(merged) ? null : probeOptions(merged);
  if (merged.settings.dryRun) {
    await print(io.stdout, dryRun(merged, early));
    return EXIT.pass;
  }
  const interrupts = new Interrupts(io);
  let metrics: RunMetrics | null = null;
  let kube: KubeRun | null = null;
  try {
    metrics = await openRunMetrics(merged, io);
    if (early === null) kube = await openKubeRun(merged, io);
    return await observe({
      merged,
      options: kube?.options ?? early ?? probeOptions(merged),
      kube,
      metrics,
      interrupts,
      io,
    });
  } catch (error) {
    throw error instanceof DrainprobeError && error.code !== "BUG" ? new UsageError(error.message) : error;
  } finally {
    await kube?.close();
    interrupts.stop();
    await metrics?.[Symbol.asyncDispose]();
  }
}

interface Observation {
  readonly merged: Merged<typeof RUN_FLAGS>;
  readonly options: PlannedOptions;
  readonly kube: KubeRun | null;
  readonly metrics: RunMetrics;
  readonly interrupts: Interrupts;
  readonly io: CliIo;
}

/** Self-test, probe, report. */
async function observe({ merged, options, kube, metrics, interrupts, io }: Observation): Promise<number> {
  const { json, quiet, selfTest } = merged.settings;
  const progress = progressFor(io, options, quiet);
  interrupts.beforeExit(() => progress.stop());
  try {
    const proof = selfTest && !interrupts.seen ? await proveInstrument(options, progress) : NOT_RUN;
    if (interrupts.seen) {
      io.stderr.write("drainprobe: ended before the run began: nothing was observed\n");
      return EXIT.inconclusive;
    }
    const requestFailures = new RequestFailures();
    const probe = await createProbe({
      ...options,
      selfTest: proof,
      sinks: metrics.sinks,
      onVerdict: (verdict) => {
        requestFailures.push(verdict);
        kube?.onVerdict(verdict);
      },
      onIncident: (incident) => progress.incident(incident),
    });
    metrics.follow(probe, kube?.directPaths);
    kube?.follow(probe, (text) => progress.note(text));
    interrupts.onFirst(() => {
      progress.note("ending the run; a second signal ends it at once, without a verdict");
      void probe.stop({ bySignal: true });
    });
    const summary = await watch(probe, progress);
    const text = json
      ? `${jsonText(summary, 2)}\n`
      : textReport(
          { summary, header: probe.header, requestFailures },
          { width: reportWidth(io.stdout), palette: paletteFor(io.stdout, io.env) },
        );
    await print(io.stdout, text);
    return exitCodeOf(summary);
  } finally {
    progress.stop();
  }
}

function sources(command: Command): readonly Source[] {
  const flags = commandLineSource(command, RUN_FLAGS);
  const file = flags.get("config")?.values.at(-1);
  const config = typeof file === "string" ? readConfigFile(file, RUN_FLAGS) : new Map();
  return [flags, withoutTheOtherTarget(config, flags)];
}

/** `--target` replaces a configured `path:`, and the other way round: flags win. */
function withoutTheOtherTarget(config: Source, flags: Source): Source {
  return new Map(
    [...config].filter(
      ([name]) => !(name === "path" && flags.has("target")) && !(name === "target" && flags.has("path")),
    ),
  );
}

async function proveInstrument(options: PlannedOptions, progress: Progress): Promise<SelfTestResult> {
  const result = await runSelfTest(options.engine ?? "wire");
  if (result.passed !== true) {
    throw new UsageError(
      `self-test failed, so nothing this instrument says could be trusted: ${result.failures.join("; ")} (drainprobe selftest tells more)`,
    );
  }
  progress.note(
    `self-test passed: ${plural(result.scenarios, "fault")} named rightly in ${formatDuration(result.durationNs ?? 0)}`,
  );
  return result;
}

async function watch(probe: Probe, progress: Progress): Promise<Summary> {
  progress.start(() => probe.snapshot());
  try {
    return await probe.finished;
  } finally {
    progress.stop();
  }
}

/** The first signal ends the run in an orderly way; the second ends the process. */
class Interrupts {
  readonly #release: () => void;
  #beforeExit: () => void = () => {};
  #first: (() => void) | null = null;
  #count = 0;

  constructor(io: CliIo) {
    this.#release = io.onInterrupt(() => {
      this.#count++;
      if (this.#count === 1) {
        this.#first?.();
        return;
      }
      this.#beforeExit();
      io.exitNow(EXIT.inconclusive);
    });
  }

  get seen(): boolean {
    return this.#count > 0;
  }

  /** Puts the terminal right before the second signal ends the process. */
  beforeExit(listener: () => void): void {
    this.#beforeExit = listener;
  }

  onFirst(listener: () => void): void {
    this.#first = listener;
    if (this.seen) listener();
  }

  stop(): void {
    this.#release();
  }
}
