import { join } from "node:path";
import { type Command, type OwnedProcess, startOwned, type Wrap } from "./owned-process.js";
import type { PlaneDir } from "./plane-dir.js";
import { freePort } from "./ports.js";
import { tail } from "./tail.js";
import { until } from "./until.js";

/** A running etcd of one member. It speaks plain HTTP on its address: nothing but loopback or a lab's bridge may carry it. */
export interface Etcd {
  readonly url: string;
  /** What it says of itself: `3.4.23`. */
  readonly version: string;
  readonly logFile: string;
  readonly process: OwnedProcess;
}

/** Starts it and waits until it is healthy. */
export async function startEtcd(program: string, dir: PlaneDir, host: string, wrap: Wrap): Promise<Etcd> {
  const cwd = join(dir.path, "etcd");
  const logFile = join(dir.path, "etcd.log");
  const [port, peerPort] = [await freePort([host]), await freePort([host])];
  const url = `http://${host}:${port}`;
  const peer = `http://${host}:${peerPort}`;
  const command: Command = {
    program,
    args: [
      "--name=lab",
      `--data-dir=${join(cwd, "data")}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=lab=${peer}`,
    ],
  };
  const owned = await startOwned({ ...wrap(command, { kind: "etcd" }), dir, cwd, logFile });
  await until(async () => {
    if (owned.exit() !== null) throw new Error(`etcd ended before it was healthy:\n${await tail(logFile)}`);
    try {
      const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) });
      const { health } = (await answer.json()) as { health?: unknown };
      return health === "true" ? null : `etcd says health: ${String(health)}`;
    } catch (error) {
      return `etcd does not answer: ${String(error)}`;
    }
  }, 60_000);
  const answer = await fetch(`${url}/version`, { signal: AbortSignal.timeout(10_000) });
  const { etcdserver: version } = (await answer.json()) as { etcdserver: string };
  return { url, version, logFile, process: owned };
}

/**
 * Whether it can be asked how far a watch has come, which kube-apiserver's watch cache relies on since v1.31: etcd from 3.4.31,
 * 3.5.13 and 3.6 on.
 */
export function tellsProgress(etcdVersion: string): boolean {
  const [major = 0, minor = 0, patch = 0] = etcdVersion.split(".").map(Number);
  if (major !== 3 || minor > 5) return major >= 3;
  return (minor === 5 && patch >= 13) || (minor === 4 && patch >= 31);
}
