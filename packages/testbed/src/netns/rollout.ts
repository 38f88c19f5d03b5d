import { setTimeout as pause } from "node:timers/promises";
import { until } from "../kube/until.js";
import type { LabMoment } from "../lab/lab-plane.js";
import type { RolloutSettings } from "../lab/lab-scenario.js";
import type { KernelBalancer } from "./kernel-balancer.js";
import type { LabServer } from "./lab-servers.js";

/** How long a balancer may take to know of a server that is ready. */
const KNOWS_WITHIN_MS = 180_000;

/** What a rollout is played with. */
export interface RolloutStage {
  readonly servers: readonly LabServer[];
  readonly balancer: KernelBalancer;
  readonly tell: (moment: LabMoment) => void;
  readonly signal: AbortSignal;
  /** Told before each SIGTERM, and waited for. */
  readonly beforehand: (index: number) => Promise<void>;
}

/** Plays it: one instance after the other, each when the one before is ready and the balancer knows. */
export async function playRollout(settings: RolloutSettings, stage: RolloutStage): Promise<void> {
  const tell = (index: number, what: LabMoment["what"]): void =>
    stage.tell({ master: `master-${index}`, what, wallMs: Date.now() });
  switch (settings.action) {
    case "none":
      return;
    case "move-vip":
      tell(await stage.balancer.moveVip(), "vip-moved");
      return;
    case "roll":
      for (const [index, server] of stage.servers.slice(0, settings.instances ?? stage.servers.length).entries())
        await restart(settings, stage, index, server, tell);
      return;
    default:
      settings.action satisfies never;
  }
}

async function restart(
  settings: RolloutSettings,
  { balancer, signal, beforehand }: RolloutStage,
  index: number,
  server: LabServer,
  tell: (index: number, what: LabMoment["what"]) => void,
): Promise<void> {
  await unless(signal, beforehand(index));
  tell(index, "sigterm");
  const ended = server.terminate();
  // Given up, nobody waits for it any more.
  ended.catch(() => {});
  if (settings.killAfterMs !== undefined) {
    const inTime = await Promise.race([ended.then(() => true), pause(settings.killAfterMs, false, { signal })]);
    if (!inTime) {
      tell(index, "sigkill");
      await server.kill();
    }
  }
  await unless(signal, ended);
  tell(index, "exited");
  if (settings.pauseMs !== undefined) await pause(settings.pauseMs, undefined, { signal });
  signal.throwIfAborted();
  await server.start();
  tell(index, "started");
  await unless(signal, server.ready());
  tell(index, "ready");
  await until(async () => {
    signal.throwIfAborted();
    return (await balancer.knows(index)) ? null : `the balancer does not send anything to master-${index} yet`;
  }, KNOWS_WITHIN_MS);
}

/** What is waited for, or the end of the waiting. */
async function unless<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
