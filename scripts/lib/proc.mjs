import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/**
 * Runs a program without a shell. Resolves whatever its exit code; a program that cannot be started has code 127.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, quiet?: boolean, timeoutMs?: number }} [options]
 *   `quiet` keeps the output back and only returns it.
 * @returns {Promise<{ code: number, output: string, stdout: string }>}
 */
export function run(command, args, { cwd = ROOT, env = process.env, quiet = false, timeoutMs = 0 } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: quiet ? ["ignore", "pipe", "pipe"] : ["ignore", "inherit", "inherit"],
      timeout: timeoutMs,
    });
    let output = "";
    let stdout = "";
    child.stdout?.setEncoding("utf8").on("data", (text) => {
      output += text;
      stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
    child.once("error", (error) => resolve({ code: 127, output: `${command}: ${error.message}\n`, stdout: "" }));
    child.once("close", (code, signal) => {
      if (signal !== null) output += `${command} was ended by ${signal}\n`;
      resolve({ code: code ?? 1, output, stdout });
    });
  });
}

/** Runs a program of a dependency with this Node: `tool("typescript/bin/tsc", ["-b"])`. */
export function tool(path, args, options = {}) {
  return run(options.node ?? process.execPath, [join(ROOT, "node_modules", path), ...args], options);
}

/** `1.2 s`. */
export function seconds(sinceMs) {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

/** The line every command of this repository ends with, so that a caller can add them up. */
export function countLine(passed, failed) {
  return `${passed} passed, ${failed} failed`;
}

/** Ends a script: prints the count line and sets the exit code. */
export function finish(passed, failed) {
  console.log(countLine(passed, failed));
  process.exitCode = failed === 0 ? 0 : 1;
}
