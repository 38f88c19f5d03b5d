import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import {
  LAB_PROBE,
  type LabMoment,
  type LabPlane,
  type LabScenario,
  type LabSetup,
  type LabTier,
  makePlaneDir,
} from "@drainprobe/testbed";
import { judge } from "./judge.js";
import { type ProbeProcess, startProbe } from "./probe-process.js";
import type { LabRun } from "./run-result.js";
import { readMasterLog } from "./seen.js";

/** Options of {@link play}. */
export interface PlayOptions {
  readonly scenario: LabScenario;
  readonly setup: LabSetup;
  readonly fixed: boolean;
  readonly tier: LabTier;
  readonly speed: number;
  readonly seed: number;
  /** The folder of all labs. */
  readonly root: string;
  /** Keeps the logs of its masters there. */
  readonly out?: string;
  /** Told what happens, in a few words each time. */
  readonly note: (text: string) => void;
  readonly signal: AbortSignal;
}

const LOOK_MS = 100;
/** A baseline that is never quiet is one, too: some scenarios fail all the time. */
const BASELINE_ROUNDS = 4;
/** From the start of a probe to its first session. */
const FIRST_SESSION_MS = 60_000;
const OBSERVE_MS = 20_000;

/** Plays a scenario once: control plane, probes, baseline, rollout, verdicts. Leaves nothing behind but what is in `out`. */
export async function play(options: PlayOptions): Promise<LabRun> {
  const { scenario, setup, fixed, tier, speed, seed, root, note, signal } = options;
  const dir = makePlaneDir(root);
  const moments: LabMoment[] = [];
  const onMoment = (moment: LabMoment): void => {
    moments.push(moment);
    note(momentWords(moment, moments));
  };
  let plane: LabPlane | null = null;
  let probes: readonly ProbeProcess[] = [];
  try {
    note(`starting three API servers behind ${setup.balancer.model}`);
    plane = await tier.start({ setup, seed, speed, dir: dir.path, onMoment });
    signal.throwIfAborted();
    probes = plane.masters.map((master) => startProbe({ master, settings: setup.probe, speed, dir }));
    note("a probe on each master; waiting for a steady baseline");
    await baseline(probes, speed, signal);
    for (const { watch } of probes) watch.takeStallMs();
    const late = monitorEventLoopDelay({ resolution: 10 });
    late.enable();
    note("rolling out");
    const startedMs = performance.now();
    if (setup.rollout.action === "none")
      await pause((setup.rollout.observeMs ?? OBSERVE_MS) / speed, undefined, { signal });
    else await plane.rollout(signal);
    const rolloutMs = performance.now() - startedMs;
    checkProbes(probes);
    await pause(Math.max(1_000, LAB_PROBE.settleMs / speed), undefined, { signal });
    late.disable();
    await Promise.all(probes.map((probe) => probe.stop()));
    const probeLateMs = Math.max(...probes.map(({ watch }) => watch.takeStallMs()));
    note("reading the logs");
    const logs = [];
    for (const probe of probes) logs.push(await readMasterLog(probe.master, probe.log));
    const showsHairpin = plane.masters.every((master) => master.showsHairpin);
    const run = judge({
      scenario,
      fixed,
      tier: tier.tier,
      seed,
      speed,
      logs,
      moments,
      rolloutMs,
      showsHairpin,
      lateMs: late.max / 1e6,
      probeLateMs,
      goawayRaces: setup.apiserver.version === "historic",
    });
    return { ...run, logs: keep(probes, options.out) };
  } finally {
    await Promise.all(probes.map((probe) => probe.stop()));
    for (const { watch } of probes) watch.close();
    await plane?.close();
    await dir.remove();
  }
}

function momentWords({ master, what, wallMs }: LabMoment, moments: readonly LabMoment[]): string {
  const told = moments.findLast((each) => each.master === master && each.what === "sigterm");
  const since =
    told === undefined || what === "sigterm" ? "" : ` (T0 + ${((wallMs - told.wallMs) / 1_000).toFixed(1)} s)`;
  return `${master} ${what === "sigterm" || what === "sigkill" ? what.toUpperCase() : what}${since}`;
}

/** Resolves when each probe has a session and no connection to the VIP has failed for a while. */
async function baseline(probes: readonly ProbeProcess[], speed: number, signal: AbortSignal): Promise<void> {
  const quietMs = Math.max(1_500, LAB_PROBE.baselineMs / speed);
  const endMs = performance.now() + FIRST_SESSION_MS;
  const look = async (): Promise<void> => {
    await pause(LOOK_MS, undefined, { signal });
    checkProbes(probes);
    for (const { watch } of probes) watch.look();
  };
  while (probes.some(({ watch }) => watch.sessions === 0)) {
    if (performance.now() > endMs) throw new Error("a probe of the lab got no session within a minute");
    await look();
  }
  const failures = (): number => probes.reduce((sum, { watch }) => sum + watch.failures, 0);
  let before = failures();
  let since = performance.now();
  const deadline = since + BASELINE_ROUNDS * quietMs;
  while (performance.now() < Math.min(deadline, since + quietMs)) {
    await look();
    if (failures() === before) continue;
    before = failures();
    since = performance.now();
  }
}

function checkProbes(probes: readonly ProbeProcess[]): void {
  for (const probe of probes) {
    const why = probe.ended();
    if (why !== null) throw new Error(`the probe on ${probe.master} ended: ${why}`);
  }
}

function keep(probes: readonly ProbeProcess[], out: string | undefined): readonly string[] {
  if (out === undefined) return [];
  mkdirSync(out, { recursive: true });
  return probes.map(({ master, log }) => {
    const kept = join(out, `${master}.jsonl`);
    copyFileSync(log, kept);
    return kept;
  });
}
