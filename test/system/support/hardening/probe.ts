import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { LogRecord, Summary } from "@drainprobe/core";
import { ROOT } from "../../../../scripts/lib/proc.mjs";
import { type OwnedProcess, startProcess } from "../owned-process.js";
import { makeDir } from "../run-dir.js";
import { until } from "../until.js";

export const BIN = join(ROOT, "packages/cli/dist/bin.js");
const SERVER = join(ROOT, "test/system/support/hardening/server.mjs");
export const DNS_SERVER = join(ROOT, "test/system/support/hardening/dns-server.mjs");

/** A program and its arguments, put before another's: `["ip", "netns", "exec", "x"]`. */
export type Wrapping = readonly string[];

export interface ServerProcess {
  readonly process: OwnedProcess;
  readonly port: number;
  readonly dir: string;
}

/** Starts a program of Node behind a wrapping. */
export function node(
  wrapping: Wrapping,
  args: readonly string[],
  dir: string,
  env: Record<string, string> = {},
): Promise<OwnedProcess> {
  const [command = process.execPath, ...rest] = [...wrapping, process.execPath, ...args];
  return startProcess(command, rest, { dir, env });
}

/** A healthy server; with `tls` its `dir` holds `ca.pem`. */
export async function startServer(
  options: { wrapping?: Wrapping; host?: string; port?: number; tls?: boolean } = {},
): Promise<ServerProcess> {
  const dir = makeDir("server");
  const { wrapping = [], host = "127.0.0.1", port = 0, tls = false } = options;
  const started = await node(wrapping, [SERVER, host, String(port), ...(tls ? [dir] : [])], dir);
  await until(() => /^\d+\n/.test(started.stdout()) || started.exit() !== null, { what: "a server", withinMs: 30_000 });
  if (started.exit() !== null) throw new Error(`the server ended: ${started.stderr()}`);
  return { process: started, port: Number(started.stdout().trim()), dir };
}

export interface ProbeRun {
  readonly process: OwnedProcess;
  readonly log: string;
  readonly dir: string;
  /** Waits for its end. */
  result(): Promise<ProbeResult>;
}

export interface ProbeResult {
  readonly code: number | null;
  readonly stderr: string;
  readonly summary: Summary;
  readonly records: readonly LogRecord[];
}

export interface ProbeOptions {
  readonly wrapping?: Wrapping;
  readonly env?: Record<string, string>;
  readonly log?: string;
  /** Waits until the log holds this text; default: until the first session is ready. */
  readonly begun?: string | null;
}

/** Starts the CLI as a user does, and waits until it is at work. */
export async function startProbe(args: readonly string[], options: ProbeOptions = {}): Promise<ProbeRun> {
  const dir = makeDir("probe");
  const log = options.log ?? join(dir, "run.jsonl");
  const all = [BIN, "run", ...args, "--no-self-test", "--quiet", "--json", "--out", log];
  const started = await node(options.wrapping ?? [], all, dir, options.env);
  const begun = options.begun === undefined ? '"session.ready"' : options.begun;
  if (begun !== null)
    await until(() => started.exit() !== null || textOf(log).includes(begun), {
      what: `${begun} in the log`,
      withinMs: 60_000,
    });
  return {
    process: started,
    log,
    dir,
    async result() {
      const { code } = await started.exited;
      // What was written last may still be on its way to us.
      await until(() => /^$|\n$/.test(started.stdout()), { what: "the summary" });
      const stdout = started.stdout();
      if (!stdout.startsWith("{")) throw new Error(`no summary (exit ${code}): ${stdout}${started.stderr()}`);
      return { code, stderr: started.stderr(), summary: JSON.parse(stdout) as Summary, records: recordsOf(log) };
    },
  };
}

/** What is in a log, up to where it is cut. */
export function recordsOf(log: string): LogRecord[] {
  return textOf(log)
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LogRecord);
}

export function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Types of failed connections, each once. */
export function typesOf({ connections }: Summary): string[] {
  return Object.keys(connections.byType).sort();
}
