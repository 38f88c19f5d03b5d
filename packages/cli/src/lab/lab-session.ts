import { randomInt } from "node:crypto";
import { LAB_SCENARIOS, type LabScenario, type LabSetup, type LabTier, setupOf, TIERS } from "@drainprobe/testbed";
import type { Settings } from "../flags/flag.js";
import type { LAB_FLAGS } from "../flags/lab-flags.js";
import { nearest } from "../flags/nearest.js";
import type { CliIo } from "../io.js";
import { UsageError } from "../usage-error.js";
import { labRoot } from "./lab-root.js";
import { play } from "./play.js";
import { labNotes } from "./progress.js";
import type { LabRun } from "./run-result.js";

export type LabSettings = Settings<typeof LAB_FLAGS>;

/** What this machine cannot give; nothing was played. */
export class TierMissing extends Error {}

const MAX_SEED = 0xffff_ffff;
const EMBEDDED_SPEED = 5;

/** One run among those of a command. */
export interface PlayWish {
  readonly fixed: boolean;
  readonly seed: number;
  /** Where its logs are kept. */
  readonly out?: string;
}

/** What all runs of one command have in common. */
export class LabSession {
  readonly seed: number;
  readonly speed: number;
  readonly settings: LabSettings;
  readonly #tier: LabTier;
  readonly #io: CliIo;
  readonly #abort = new AbortController();

  private constructor(settings: LabSettings, tier: LabTier, io: CliIo) {
    this.settings = settings;
    this.#tier = tier;
    this.#io = io;
    this.seed = settings.seed ?? randomInt(MAX_SEED);
    this.speed = settings.speed ?? (tier.tier === "embedded" ? EMBEDDED_SPEED : 1);
  }

  /** @throws TierMissing where this machine cannot play that tier. */
  static async open(settings: LabSettings, io: CliIo): Promise<LabSession> {
    if (settings.tier === "kube" && settings.speed !== undefined && settings.speed !== 1) {
      throw new UsageError("--speed: real API servers have no other speed than 1");
    }
    const tier = await TIERS[settings.tier]();
    const missing = await tier.check();
    if (missing !== null) throw new TierMissing(`the ${settings.tier} tier cannot be had here: ${missing}`);
    return new LabSession(settings, tier, io);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Runs `work`; a signal to this process makes it end early, with everything taken down. */
  async interruptible<T>(work: () => Promise<T>): Promise<T | null> {
    const release = this.#io.onInterrupt(() => this.#abort.abort());
    try {
      return await work();
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
      this.#io.stderr.write("drainprobe: ended before its end; the lab is taken down\n");
      return null;
    } finally {
      release();
    }
  }

  /** Plays one scenario once. `out`: where its logs are kept. */
  async play(scenario: LabScenario, options: PlayWish): Promise<LabRun> {
    const setup = this.setupOf(scenario, options.fixed);
    if (setup === null) throw new TypeError(`${scenario.name} has no fixed twin`);
    return this.playSetup(scenario, setup, options);
  }

  /** What is played in this tier; `null`: there is no fixed twin. */
  setupOf(scenario: LabScenario, fixed: boolean): LabSetup | null {
    return setupOf(scenario, this.#tier.tier, fixed);
  }

  /** Plays a scenario with a setup that may be another than its own. */
  playSetup(scenario: LabScenario, setup: LabSetup, { fixed, seed, out }: PlayWish): Promise<LabRun> {
    return play({
      scenario,
      setup,
      fixed,
      tier: this.#tier,
      speed: this.speedOf(scenario),
      seed,
      root: labRoot(),
      ...(out === undefined ? {} : { out }),
      note: labNotes(this.#io, this.settings.quiet),
      signal: this.#abort.signal,
    });
  }

  /** The speed asked for, or what a scenario bears of it. */
  speedOf({ maxSpeed = Number.POSITIVE_INFINITY }: LabScenario): number {
    return Math.min(this.speed, maxSpeed);
  }

  /** The seed of the n-th run. */
  seedOf(index: number): number {
    return (this.seed + index) % (MAX_SEED + 1);
  }

  /** Says on stderr what comes. */
  announce(scenario: LabScenario, fixed: boolean, seed: number): void {
    if (this.settings.quiet) return;
    const speed = this.speedOf(scenario);
    const what = `${scenario.name}${fixed ? " --fixed" : ""}: ${this.#tier.tier} tier, seed ${seed}${speed === 1 ? "" : `, speed ${speed}`}`;
    this.#io.stderr.write(`${what}\n`);
  }
}

/** @throws UsageError where there is none, none on that tier, or no fixed twin where that is asked for. */
export function scenarioNamed(
  name: string | undefined,
  { tier, fixed }: Pick<LabSettings, "tier" | "fixed">,
): LabScenario {
  if (name === undefined) throw new UsageError("which scenario? drainprobe lab list shows them");
  const found = LAB_SCENARIOS.find((scenario) => scenario.name === name);
  if (found === undefined) {
    const near = nearest(
      name,
      LAB_SCENARIOS.map((scenario) => scenario.name),
    );
    throw new UsageError(
      `"${name}": no such scenario; ${near === null ? "drainprobe lab list shows them" : `did you mean ${near}?`}`,
    );
  }
  const why = found.unavailable?.[tier];
  if (why !== undefined) throw new UsageError(`${name} cannot be played in the ${tier} tier: ${why}`);
  if (fixed && found.fixed === null) throw new UsageError(`${name} has no fixed twin: there is nothing to mend`);
  return found;
}
