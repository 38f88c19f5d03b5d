import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LabMaster, LabProbeSettings, PlaneDir } from "@drainprobe/testbed";
import { LogWatch } from "./log-watch.js";
import { probeArguments } from "./probe-arguments.js";

export interface ProbeProcessOptions {
  readonly master: LabMaster;
  readonly settings: LabProbeSettings;
  readonly speed: number;
  readonly dir: PlaneDir;
}

/** The probe on one master: `drainprobe run` in a process of its own, as a DaemonSet would have it. */
export interface ProbeProcess {
  readonly master: string;
  readonly log: string;
  readonly watch: LogWatch;
  /** Why it ended before it was told to; `null` while it runs. */
  ended(): string | null;
  /** Tells it to end, and waits until it has. */
  stop(): Promise<void>;
}

/** No lab lasts so long. */
const AT_MOST_MS = 20 * 60_000;
/** From SIGINT to its last word, before it is ended without one. */
const LAST_WORD_MS = 45_000;

/** The compiled program, also where this source is run as it is. */
const BIN = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../../dist/bin.js" : "../bin.js", import.meta.url),
);

export function startProbe({ master, settings, speed, dir }: ProbeProcessOptions): ProbeProcess {
  const log = join(dir.path, `${master.name}.jsonl`);
  const words = join(dir.path, `${master.name}.txt`);
  const [program = process.execPath, ...args] = master.onMaster([
    process.execPath,
    BIN,
    ...probeArguments({ master, settings, speed, out: log, atMostMs: AT_MOST_MS }),
  ]);
  const output = openSync(words, "a", 0o600);
  // A session of its own: a terminal's Ctrl-C reaches it through the lab only.
  const child = spawn(program, args, { cwd: dir.path, stdio: ["ignore", output, output], detached: true });
  closeSync(output);
  const disown = child.pid === undefined ? () => {} : dir.own(child.pid);
  let why: string | null = null;
  const exited = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      why = error.message;
      resolve();
    });
    child.once("exit", (code, signal) => {
      disown();
      why = `${signal ?? `exit code ${code}`}: ${lastLine(words)}`;
      resolve();
    });
  });
  const watch = new LogWatch(log);
  return {
    master: master.name,
    log,
    watch,
    ended: () => why,
    stop: () => endProcess(child, exited),
  };
}

async function endProcess(child: ChildProcess, exited: Promise<void>): Promise<void> {
  child.kill("SIGINT");
  const timer = setTimeout(() => child.kill("SIGKILL"), LAST_WORD_MS);
  await exited;
  clearTimeout(timer);
}

function lastLine(file: string): string {
  try {
    return readFileSync(file, "utf8").trim().split("\n").at(-1) ?? "";
  } catch {
    return "it left no word";
  }
}
