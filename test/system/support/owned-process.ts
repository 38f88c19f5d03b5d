import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { until } from "./until.js";

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process of ours, in a directory of its own. */
export interface OwnedProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** `null` while it runs. */
  readonly exit: () => Exit | null;
  readonly stdout: () => string;
  readonly stderr: () => string;
  signal(signal: NodeJS.Signals): void;
}

export interface StartOptions {
  /** Its working directory, made by `makeDir`. */
  readonly dir: string;
  readonly env?: Readonly<Record<string, string>>;
}

const dirsInUse = new Set<string>();
let cleanUpInstalled = false;

/** Ends what is left when this process goes, for whatever reason short of SIGKILL (the script sweeps up after that one). */
function installCleanUp(): void {
  if (cleanUpInstalled) return;
  cleanUpInstalled = true;
  const endAll = (): void => {
    for (const dir of dirsInUse) killAllIn(dir);
  };
  process.once("exit", endAll);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      endAll();
      process.exit(1);
    });
  }
}

/** Starts a program in a session of its own, so that a terminal's Ctrl-C reaches it through us only. */
export async function startProcess(
  command: string,
  args: readonly string[],
  options: StartOptions,
): Promise<OwnedProcess> {
  installCleanUp();
  dirsInUse.add(options.dir);
  const child: ChildProcess = spawn(command, args, {
    cwd: options.dir,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let stdout = "";
  let stderr = "";
  let exit: Exit | null = null;
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => {
      exit = { code, signal };
      resolve(exit);
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} has no process id`);
  return {
    pid,
    exited,
    exit: () => exit,
    stdout: () => stdout,
    stderr: () => stderr,
    signal: (signal) => {
      if (exit === null) process.kill(pid, signal);
    },
  };
}

/** Process ids whose working directory is `dir`, oldest first. Linux only. */
export function pidsIn(dir: string): number[] {
  const pids: number[] = [];
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      if (readlinkSync(`/proc/${entry}/cwd`) === dir && !isZombie(entry)) pids.push(Number(entry));
    } catch {
      // It ended while we looked, or it is not ours to look at.
    }
  }
  return pids.sort((a, b) => a - b);
}

/** A process that has ended and waits to be reaped has no sockets any more. */
function isZombie(pid: string): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) === "Z";
}

/** SIGKILL to every process in `dir`, in one go. Returns the ids. */
export function killAllIn(dir: string): number[] {
  const pids = pidsIn(dir);
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Already gone.
    }
  }
  return pids;
}

/** Resolves when no process is left in `dir`. */
export async function allGone(dir: string, withinMs = 10_000): Promise<void> {
  await until(() => pidsIn(dir).length === 0, {
    withinMs,
    what: () => `processes ${pidsIn(dir).join(", ")} in ${dir} to end`,
  });
  dirsInUse.delete(dir);
}

/** Ends everything in `dir` and waits until it is gone. */
export async function endAllIn(dir: string): Promise<void> {
  await until(
    () => {
      killAllIn(dir);
      return pidsIn(dir).length === 0;
    },
    { what: `processes in ${dir} to end` },
  );
  dirsInUse.delete(dir);
}
