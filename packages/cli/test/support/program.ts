import { type ChildProcessByStdio, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../dist/bin.js", import.meta.url));

/** The built program, running. Disposing it kills it if a test left it behind. */
export interface Program extends AsyncDisposable {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  text(stream: "stdout" | "stderr"): string;
  /** Resolves when stderr shows this; rejects when the program ends before. */
  says(pattern: RegExp): Promise<void>;
}

/** Starts the CLI as a user does; behind `wrapping`, a program with its arguments that runs another, if one is given. */
export function program(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  wrapping: readonly string[] = [],
): Program {
  if (!existsSync(BIN)) throw new Error("packages/cli/dist/bin.js is missing: run `npm run build` first");
  const [command = process.execPath, ...args] = [...wrapping, process.execPath, BIN, ...argv];
  const child = spawn(command, args, {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", ...env },
  });
  const written = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      written[name] += text;
    });
  }
  child.stdin.on("error", () => {});
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((done) =>
    child.once("close", (code, signal) => done({ code, signal })),
  );
  return {
    child,
    exited,
    text: (stream) => written[stream],
    async says(pattern) {
      while (!pattern.test(written.stderr)) {
        const ended = await Promise.race([
          new Promise<false>((done) => child.stderr.once("data", () => done(false))),
          exited.then(() => true),
        ]);
        if (ended && !pattern.test(written.stderr))
          throw new Error(`ended without saying ${pattern}: ${written.stderr}`);
      }
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await exited;
    },
  };
}
