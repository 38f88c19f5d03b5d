import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import type { PlaneDir } from "./plane-dir.js";

/** A program and its arguments. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

/** Who is being started: `index` counts the apiservers. */
export type Role = { readonly kind: "etcd" } | { readonly kind: "apiserver"; readonly index: number };

/**
 * Puts a command into surroundings of its own: `ip netns exec NAME …`, `nice`, `taskset`. The program must keep the process id
 * and the working directory it was given, as those do: signals go to the one, and the other is how it is found again.
 */
export type Wrap = (command: Command, role: Role) => Command;

/** How a process ended. Times are of `performance.now()`. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly startedAt: number;
  /** When it was first told to end; `null`: nobody told it. */
  readonly toldAt: number | null;
  readonly exitedAt: number;
}

/** Options of {@link startOwned}. */
export interface StartOptions extends Command {
  readonly dir: PlaneDir;
  /** Its working directory, below `dir`; made if it is not there. */
  readonly cwd: string;
  /** Both its outputs are appended to this file. */
  readonly logFile: string;
}

/** A running process that does not outlive us. */
export interface OwnedProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** `null` while it runs. */
  exit(): Exit | null;
  /** Whether any signal was sent to it by us. */
  told(): boolean;
  signal(signal: NodeJS.Signals): void;
}

/** Starts it in a session of its own, so that a terminal's Ctrl-C reaches it through us only. */
export async function startOwned(options: StartOptions): Promise<OwnedProcess> {
  mkdirSync(options.cwd, { recursive: true, mode: 0o700 });
  const log = openSync(options.logFile, "a", 0o600);
  let child: ChildProcess;
  try {
    child = spawn(options.program, options.args, {
      cwd: options.cwd,
      stdio: ["ignore", log, log],
      detached: true,
    });
  } finally {
    closeSync(log);
  }
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${options.program} has no process id`);
  const startedAt = performance.now();
  const disown = options.dir.own(pid);
  let toldAt: number | null = null;
  let exit: Exit | null = null;
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => {
      disown();
      exit = { code, signal, startedAt, toldAt, exitedAt: performance.now() };
      resolve(exit);
    });
  });
  return {
    pid,
    exited,
    exit: () => exit,
    told: () => toldAt !== null,
    signal(signal) {
      if (exit !== null) return;
      toldAt ??= performance.now();
      child.kill(signal);
    },
  };
}
