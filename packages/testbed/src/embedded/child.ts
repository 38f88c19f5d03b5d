import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "../kube/owned-process.js";
import type { PlaneDir } from "../kube/plane-dir.js";

/** Options of {@link startChild}. */
export interface ChildOptions {
  readonly dir: PlaneDir;
  /** Its working directory, below `dir`. */
  readonly name: string;
  /** One of this folder's programs. */
  readonly program: "apiserver-main" | "store-main" | "holder-main";
  readonly args: readonly string[];
  readonly wrap: (command: Command) => Command;
}

/** One of the lab's own programs, running. It ends with this process, however this process ends. */
export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  /** With what the kernel says of it. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly running: () => boolean;
  signal(signal: NodeJS.Signals): void;
}

/** Starts one of the lab's own programs, with an IPC channel to it. */
export async function startChild({ dir, name, program, args, wrap }: ChildOptions): Promise<Child> {
  const cwd = join(dir.path, name);
  mkdirSync(cwd, { recursive: true, mode: 0o700 });
  const command = wrap({ program: process.execPath, args: [programFile(program), ...args] });
  const log = openSync(join(cwd, "output.log"), "a", 0o600);
  const child = spawn(command.program, command.args, {
    cwd,
    stdio: ["ignore", log, log, "ipc"],
    detached: true,
    // Nothing of our own surroundings (a test's loader, a debugger) is for it.
    env: { PATH: process.env.PATH ?? "" },
  });
  closeSync(log);
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  child.on("error", () => {});
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} has no process id`);
  const disown = dir.own(pid);
  let ended = false;
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("exit", (code, signal) => {
      ended = true;
      disown();
      resolve({ code, signal });
    });
  });
  return {
    pid,
    process: child,
    exited,
    running: () => !ended,
    signal(signal) {
      if (!ended) child.kill(signal);
    },
  };
}

/** The compiled program, also where this source is run as it is. */
function programFile(program: string): string {
  const here = fileURLToPath(import.meta.url);
  const folder = here.endsWith(".ts")
    ? new URL("../../dist/embedded/", import.meta.url)
    : new URL("./", import.meta.url);
  return fileURLToPath(new URL(`${program}.js`, folder));
}
