import type { CliIo } from "./io.js";
import { EXIT } from "./io.js";
import { oneLine } from "./one-line.js";
import { printable } from "./text/printable.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** This process as a command sees it. An error that nobody caught ends it with one line and exit code 2. */
export function processIo(): CliIo {
  const fatal = (error: unknown): void => {
    const text = error instanceof Error ? error.message : String(error);
    process.stderr.write(`drainprobe: internal error, please report it: ${printable(oneLine(text))}\n`);
    process.exit(EXIT.misuse);
  };
  // Whatever ends the process: a live view may have hidden the cursor.
  process.on("exit", () => process.stderr.isTTY && process.stderr.write("\x1b[?25h"));
  process.on("uncaughtException", fatal);
  process.on("unhandledRejection", fatal);
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    onInterrupt: (listener) => {
      for (const signal of SIGNALS) process.on(signal, listener);
      return () => {
        for (const signal of SIGNALS) process.off(signal, listener);
      };
    },
    exitNow: (code) => process.exit(code),
  };
}
