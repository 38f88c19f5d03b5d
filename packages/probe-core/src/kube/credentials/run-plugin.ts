import { type ChildProcess, spawn } from "node:child_process";
import { LIMITS } from "../../limits.js";
import { fault, oneLine } from "../kubeconfig/fault.js";
import { systemCode } from "../kubeconfig/read-file.js";
import type { ExecSettings } from "../settings.js";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Runs an exec plugin and returns what it printed. It gets no stdin, and its stderr goes nowhere: neither that, nor its stdout,
 * nor its arguments are shown anywhere, because each may hold a secret. Throws one line where it fails.
 */
export function runPlugin(
  settings: ExecSettings,
  execInfo: string,
  env: Environment,
  timeoutMs: number,
): Promise<string> {
  const { command, args } = settings;
  return new Promise((resolve, reject) => {
    const failed = (what: string, mend: string): void => reject(fault(settings.place, what, mend));
    let child: ChildProcess;
    try {
      child = spawn(command, args, {
        env: { ...env, ...settings.env, KUBERNETES_EXEC_INFO: execInfo },
        stdio: ["ignore", "pipe", "ignore"],
        // A group of its own, so that a timeout ends what it started, too.
        detached: true,
      });
    } catch (error) {
      failed(`its command cannot be started (${systemCode(error) ?? "bad argument"})`, byHand(command));
      return;
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    let stopped: (() => void) | null = null;
    const stop = (tell: () => void): void => {
      stopped ??= tell;
      endGroup(child);
      child.stdout?.destroy();
    };
    const deadline = AbortSignal.timeout(timeoutMs);
    const expired = (): void => {
      stop(() => failed(`${named(command)} did not end within ${timeoutMs} ms`, byHand(command)));
    };
    deadline.addEventListener("abort", expired, { once: true });
    child.stdout?.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= LIMITS.execOutputBytes) chunks.push(chunk);
      else stop(() => failed(`${named(command)} printed more than ${LIMITS.execOutputBytes} bytes`, byHand(command)));
    });
    child.on("error", (error) => {
      deadline.removeEventListener("abort", expired);
      failed(...startProblem(settings, systemCode(error)));
    });
    child.on("close", (code, signal) => {
      deadline.removeEventListener("abort", expired);
      if (stopped !== null) stopped();
      else if (code === 0) resolve(Buffer.concat(chunks).toString("utf8"));
      else failed(`${named(command)} ended with ${signal ?? `exit code ${code}`}`, byHand(command));
    });
  });
}

function startProblem(settings: ExecSettings, code: string | null): readonly [what: string, mend: string] {
  const { command, installHint } = settings;
  if (code !== "ENOENT")
    return [`${named(command)} cannot be started (${code ?? "unknown error"})`, "check its permissions"];
  const hint = installHint === null ? "" : `: ${oneLine(installHint).slice(0, LIMITS.errorTextChars)}`;
  return [`there is no program ${named(command)}`, `install it${hint}`];
}

/** Its process group; only the process where the system has no groups. */
function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}

function named(command: string): string {
  return `"${oneLine(command)}"`;
}

function byHand(command: string): string {
  return `run ${named(command)} by hand to see why (what it prints is not shown here: it may hold secrets)`;
}
