import { execFile, spawnSync } from "node:child_process";

export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Minor version of the kubectl in PATH, or `null` where there is none. */
export const KUBECTL_MINOR: number | null = minorVersion();

/** Runs kubectl with nothing of this user's settings. */
export function kubectl(home: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<KubectlResult> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env.PATH, HOME: home, ...env }, timeout: 30_000 };
    const child = execFile("kubectl", args, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : -1, stdout, stderr });
    });
    // It asks for a user name where it has no credentials.
    child.stdin?.end();
  });
}

function minorVersion(): number | null {
  const { status, stdout } = spawnSync("kubectl", ["version", "--client", "-o", "json"], { encoding: "utf8" });
  if (status !== 0) return null;
  const { clientVersion } = JSON.parse(stdout) as { clientVersion: { minor: string } };
  return Number.parseInt(clientVersion.minor, 10);
}
