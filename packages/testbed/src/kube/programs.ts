import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { KubeVersion } from "./version.js";

/** Finds the programs, and builds them; the one place that knows where they are kept. */
const BUILD = fileURLToPath(new URL("../../kube-apiserver/build.mjs", import.meta.url));

/** A kube-apiserver of this machine. */
export interface ApiserverProgram {
  readonly name: KubeVersion;
  /** What the program says of itself: `v1.36.3`. */
  readonly version: string;
  readonly program: string;
}

/** The programs of a control plane, or in one plain line why there are none. */
export type KubePrograms =
  | { readonly ok: true; readonly apiserver: ApiserverProgram; readonly etcd: string }
  | { readonly ok: false; readonly reason: string };

/** Options of {@link findKubePrograms}. */
export interface FindOptions {
  /** Build a missing kube-apiserver where there is Go: it takes minutes and the network. Default false. */
  readonly build?: boolean;
  /** Where to look. Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Looks for etcd (KUBEBUILDER_ASSETS, then PATH) and kube-apiserver (KUBEBUILDER_ASSETS for the current one, then the cache
 * that `kube-apiserver/build.mjs` fills). A build that fails rejects; anything merely missing is an answer.
 */
export async function findKubePrograms(version: KubeVersion, options: FindOptions = {}): Promise<KubePrograms> {
  const env = options.env ?? process.env;
  const etcd = await findEtcd(env);
  if (etcd === null) return { ok: false, reason: "skipped: no etcd in KUBEBUILDER_ASSETS or PATH" };
  const { code, stdout, stderr } = await runBuild([...(options.build === true ? [] : ["--no-build"]), version], env);
  if (code === 3) return { ok: false, reason: stderr.trim() };
  if (code !== 0) throw new Error(stderr.trim());
  return { ok: true, apiserver: JSON.parse(stdout) as ApiserverProgram, etcd };
}

async function findEtcd(env: NodeJS.ProcessEnv): Promise<string | null> {
  const folders = [env.KUBEBUILDER_ASSETS ?? "", ...(env.PATH ?? "").split(delimiter)];
  for (const folder of folders.filter((f) => f !== "")) {
    const program = join(folder, "etcd");
    const found = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return program;
  }
  return null;
}

function runBuild(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [BUILD, ...args], { env }, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === "number") resolve({ code: error.code, stdout, stderr });
      else reject(error);
    });
  });
}
