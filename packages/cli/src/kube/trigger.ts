import { spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import type { Probe } from "@drainprobe/core";
import { forceOpenShiftRollout, type KubeApi } from "@drainprobe/core/kube";
import type { RUN_FLAGS } from "../flags/run-flags.js";
import type { Merged } from "../flags/settings.js";
import type { CliIo } from "../io.js";
import { formatDuration } from "../text/format.js";
import type { KubePath } from "./kube-paths.js";
import { RolloutWatch } from "./rollout-watch.js";

export interface TriggerParts {
  readonly merged: Merged<typeof RUN_FLAGS>;
  readonly probe: Probe;
  readonly io: CliIo;
  readonly api: KubeApi;
  readonly run: string;
  readonly paths: readonly KubePath[];
  readonly note: (text: string) => void;
  /** Aborted when the run ends for another reason. */
  readonly signal: AbortSignal;
}

const LOOK_MS = 200;

/**
 * Waits for a steady baseline, sets the rollout off, waits until it is over, and ends the run. Rejects where the rollout could not
 * be set off, and when `signal` is aborted.
 */
export async function runTrigger(parts: TriggerParts): Promise<void> {
  const { merged, probe, note, signal } = parts;
  const { baseline, settle, trigger } = merged.settings;
  probe.record({ kind: "run.phase", phase: "baseline" });
  const rollout = new RolloutWatch(probe);
  await probe.settled({ timeoutMs: Number.POSITIVE_INFINITY });
  await steady(probe, baseline / 1e6, signal);
  probe.record({ kind: "run.phase", phase: "triggered" });
  if (trigger === "openshift") {
    note("the baseline is steady: kubeapiserver/cluster is told to redeploy");
    await forceOpenShiftRollout(parts.api, `drainprobe ${parts.run}`);
    await rollout.over({ backends: serversAmong(parts.paths), quietMs: settle / 1e6, signal });
  } else {
    note("the baseline is steady: the trigger is run");
    await shell(trigger ?? "", parts.io, signal);
    note(`the trigger has ended; the run ends ${formatDuration(settle)} after the last backend is ready`);
    await rollout.over({ backends: 0, quietMs: settle / 1e6, signal });
  }
  probe.record({ kind: "run.phase", phase: "settling" });
  await probe.stop();
}

/** API servers that must each have gone and come back. */
function serversAmong(paths: readonly KubePath[]): number {
  return Math.max(1, paths.filter(({ name }) => name === "local" || name.startsWith("peer-")).length);
}

async function steady(probe: Probe, forMs: number, signal: AbortSignal): Promise<void> {
  let incidents = probe.snapshot().incidents;
  for (let quiet = 0; quiet < forMs; quiet += LOOK_MS) {
    await pause(LOOK_MS, undefined, { signal });
    const now = probe.snapshot().incidents;
    if (now !== incidents) quiet = -LOOK_MS;
    incidents = now;
  }
}

/** What it writes goes to our stderr: stdout is for data. */
function shell(command: string, io: CliIo, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, { shell: true, stdio: ["ignore", "pipe", "pipe"], env: { ...io.env }, signal });
    child.stdout.on("data", (bytes: Buffer) => io.stderr.write(bytes));
    child.stderr.on("data", (bytes: Buffer) => io.stderr.write(bytes));
    child.once("error", reject);
    child.once("close", (code, by) => {
      if (code === 0) resolve();
      else reject(new Error(`the command ended with ${by === null ? `exit code ${code}` : by}`));
    });
  });
}
