import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startOf } from "./process-start.js";

const PREFIX = "drainprobe-kube-";
const OWNER = "owner.pid";
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The one folder of a control plane: all its files are in it, and each of its processes has its working directory in it. */
export interface PlaneDir {
  readonly path: string;
  /** Tells of a process that must not outlive this one; gives a function that takes it off the list. */
  own(pid: number): () => void;
  /** Removes the folder. The processes must have ended. */
  remove(): Promise<void>;
}

const open = new Map<string, Set<number>>();

/**
 * Makes the folder below `parent`. From then on until `remove`, the end of this process by whatever means but SIGKILL ends the
 * processes told to `own` and removes the folder; {@link stopLeftovers} is for SIGKILL.
 */
export function makePlaneDir(parent: string = tmpdir()): PlaneDir {
  const path = mkdtempSync(join(parent, PREFIX));
  writeFileSync(join(path, OWNER), `${process.pid} ${startOf(process.pid) ?? ""}\n`);
  const pids = new Set<number>();
  if (open.size === 0) watchForTheEnd();
  open.set(path, pids);
  return {
    path,
    own(pid) {
      pids.add(pid);
      return () => void pids.delete(pid);
    },
    async remove() {
      await removeFolder(path);
      open.delete(path);
      if (open.size === 0) unwatch();
    },
  };
}

/** What {@link stopLeftovers} found and did. */
export interface Leftovers {
  /** Folders of dead owners, now removed. */
  readonly folders: readonly string[];
  /** Processes that were still there, now ended. */
  readonly pids: readonly number[];
}

/**
 * Ends what control planes left behind whose own process was killed (SIGKILL): every process with its working directory in
 * such a folder, then the folder. Planes whose owner lives are not touched. Linux: elsewhere processes are not found and
 * folders stay.
 */
export async function stopLeftovers(parent: string = tmpdir()): Promise<Leftovers> {
  // Its maker may have removed it already.
  const orphans = (existsSync(parent) ? readdirSync(parent) : [])
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => join(parent, name))
    .filter((path) => !ownerLives(path));
  const ended = new Set<number>();
  for (const path of process.platform === "linux" ? orphans : []) {
    for (let pids = processesIn(path); pids.length > 0; pids = processesIn(path)) {
      for (const pid of pids) {
        ended.add(pid);
        endNow(pid);
      }
      await pause(10);
    }
    await removeFolder(path);
  }
  return { folders: orphans, pids: [...ended] };
}

function ownerLives(path: string): boolean {
  let owner: string;
  try {
    owner = readFileSync(join(path, OWNER), "utf8");
  } catch {
    // Being made, or being removed, at this moment.
    return true;
  }
  const [pid = "", start = ""] = owner.trim().split(" ");
  // A process id is given anew sooner or later; with its start time it is one of a kind.
  return start === "" || startOf(Number(pid)) === start;
}

function processesIn(path: string): number[] {
  const found: number[] = [];
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    try {
      const cwd = readlinkSync(`/proc/${entry}/cwd`);
      if ((cwd === path || cwd.startsWith(path + sep)) && startOf(Number(entry)) !== null) found.push(Number(entry));
    } catch {
      // It ended while we looked, or it is not ours to look at.
    }
  }
  return found;
}

function endNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Already gone.
  }
}

function endAll(): void {
  for (const [path, pids] of open) {
    for (const pid of pids) endNow(pid);
    // A killed process may write for a moment still.
    rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 25 });
  }
  open.clear();
}

function onSignal(signal: NodeJS.Signals): void {
  endAll();
  unwatch();
  // Without another listener the signal means what it always meant; with one, that one decides.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

function watchForTheEnd(): void {
  process.on("exit", endAll);
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

function unwatch(): void {
  process.off("exit", endAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

async function removeFolder(path: string): Promise<void> {
  // Windows and some file systems refuse for a moment after a process has ended; `force` covers what is already gone.
  rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 25 });
}
