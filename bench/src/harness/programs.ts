import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Contender, Sample } from "./sample.js";

/** How a program ended. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const TIMEOUT_MS = 180_000;

export function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"], timeout: TIMEOUT_MS });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

export interface Timed extends Finished {
  readonly wallMs: number;
  readonly userMs: number;
  readonly systemMs: number;
}

const TIMES = /@times (\d+\.\d+) (\d+\.\d+) (\d+\.\d+)\s*$/;

/** Runs a program and tells its CPU time, as the kernel counted it for the whole process from its start to its end. */
export async function runTimed(command: string, args: readonly string[]): Promise<Timed> {
  const script = 'TIMEFORMAT="@times %3U %3S %3R"; time "$@"';
  const finished = await run("bash", ["-c", script, "bash", command, ...args]);
  const times = TIMES.exec(finished.stderr);
  if (times === null) throw new Error(`${command}: no times: ${finished.stderr.slice(-200)}`);
  const [userMs = 0, systemMs = 0, wallMs = 0] = times.slice(1).map((seconds) => Number(seconds) * 1000);
  return { ...finished, userMs, systemMs, wallMs };
}

/** Where a program lies, or `null`. Debian keeps servers in /usr/sbin, which is not in everybody's PATH. */
export function which(name: string): string | null {
  const dirs = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/go/bin"];
  return dirs.map((dir) => join(dir, name)).find((path) => existsSync(path)) ?? null;
}

/** What a program says of its version: the first number with a dot in it. */
export function versionOf(command: string, args: readonly string[] = ["--version"]): string {
  const { stdout, stderr } = spawnSync(command, args, { encoding: "utf8", timeout: 10_000 });
  return /\d+\.\d+[\w.-]*/.exec(`${stdout}${stderr}`)?.[0] ?? "unknown";
}

const CHILD = fileURLToPath(new URL("../child.js", import.meta.url));

/** One of the programs in `programs/`, in a Node process of its own that lives through all repetitions. */
export class Child implements AsyncDisposable {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #answers: AsyncIterator<string>;
  #complaint = "";

  constructor(program: string, nodeFlags: readonly string[] = []) {
    this.#process = spawn(process.execPath, [...nodeFlags, CHILD, program], { stdio: ["pipe", "pipe", "pipe"] });
    this.#process.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#complaint = `${this.#complaint}${text}`.slice(-400);
    });
    this.#process.stdin.on("error", () => {});
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  async measure<T = Sample>(params: object): Promise<T> {
    const killer = setTimeout(() => this.#process.kill("SIGKILL"), TIMEOUT_MS);
    this.#process.stdin.write(`${JSON.stringify(params)}\n`);
    const answer = await this.#answers.next();
    clearTimeout(killer);
    if (answer.done === true) throw new Error(`it ended: ${this.#complaint.trim()}`);
    return JSON.parse(answer.value) as T;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#process.once("close", resolve));
    this.#process.stdin.end();
    const killer = setTimeout(() => this.#process.kill("SIGKILL"), 2_000);
    await gone;
    clearTimeout(killer);
  }
}

/** A contender that is one of our programs. Its first repetition, which does not count, is a warm-up. */
export function childContender(
  about: Pick<Contender, "name" | "note">,
  program: string,
  params: object,
  warmup: object | null,
  nodeFlags: readonly string[] = [],
): Contender {
  let child: Child | null = null;
  return {
    ...about,
    version: `Node ${process.version}`,
    async run() {
      if (child === null) {
        child = new Child(program, nodeFlags);
        if (warmup !== null) await child.measure({ ...params, ...warmup });
      }
      return child.measure(params);
    },
    async end() {
      await child?.[Symbol.asyncDispose]();
    },
  };
}
