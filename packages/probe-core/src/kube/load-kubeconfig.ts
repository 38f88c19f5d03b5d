import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { wallNowMs } from "../clock/wall-now.js";
import { DrainprobeError } from "../errors.js";
import type { KubeAccess } from "./access.js";
import { chooseAddress } from "./choose-address.js";
import { SERVICE_ACCOUNT_FOLDER, serviceAccount } from "./credentials/service-account.js";
import { type Kubeconfig, mergeKubeconfigs, readKubeconfigFile } from "./kubeconfig/kubeconfig-file.js";
import { selectContext } from "./kubeconfig/select.js";
import type { Notify } from "./notice.js";
import { openAccess } from "./open-access.js";
import type { SourceSettings } from "./settings.js";

/** Options of {@link loadKubeconfig}. */
export interface KubeconfigOptions {
  /** `--kubeconfig FILE`. It must exist. */
  readonly file?: string;
  /** `KUBECONFIG`, `HOME`, `KUBERNETES_SERVICE_*` are read from it, and exec plugins get it. Usually `process.env`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--context NAME`. Default: `current-context`. It does not choose in `kubeletKubeconfig`. */
  readonly context?: string;
  /** `--kubelet-kubeconfig FILE`: the address comes from it, see {@link chooseAddress}. It must exist. */
  readonly kubeletKubeconfig?: string;
  /** Where the service account is mounted; `false`: do not look for one. */
  readonly inCluster?: { readonly folder: string } | false;
  /** How long an exec plugin may take. Default 60 000. */
  readonly execTimeoutMs?: number;
  /** Told what changes or fails while the run goes on, and what in the files has no effect. */
  readonly onNotice?: Notify;
}

const EXEC_TIMEOUT_MS = 60_000;

/**
 * Finds and reads credentials as kubectl does: `file`, else the files of `KUBECONFIG` (the first that names something wins), else
 * `~/.kube/config`, else the service account of the pod. All is read and checked here, so that the run does not find it out.
 *
 * @throws DrainprobeError `CREDENTIALS_UNREADABLE`: one line with file, line, key, what is wrong and how to mend it. No secret is in
 * it, and it has no `cause`, because parsers quote what they read.
 */
export async function loadKubeconfig(options: KubeconfigOptions): Promise<KubeAccess> {
  const notify: Notify = options.onNotice ?? (() => {});
  const credentials = findCredentials(options, notify);
  const kubelet = kubeletSettings(options, notify);
  const chosen = chooseAddress(credentials, kubelet);
  if (chosen === null) {
    throw new DrainprobeError(
      "CREDENTIALS_UNREADABLE",
      "found no kubeconfig: KUBECONFIG, ~/.kube/config and a pod's service account were looked for; give --kubeconfig FILE",
    );
  }
  return openAccess(chosen, {
    env: options.env,
    execTimeoutMs: options.execTimeoutMs ?? EXEC_TIMEOUT_MS,
    notify,
    nowMs: wallNowMs,
  });
}

function findCredentials(options: KubeconfigOptions, notify: Notify): SourceSettings | null {
  const config = findKubeconfig(options);
  if (config !== null) return selectContext(config, options.context ?? null, notify);
  if (options.inCluster === false) return null;
  return serviceAccount(options.env, options.inCluster?.folder ?? SERVICE_ACCOUNT_FOLDER);
}

/** `null` where none is named and none is in its usual place. */
function findKubeconfig({ file, env }: KubeconfigOptions): Kubeconfig | null {
  if (file !== undefined) return readKubeconfigFile(resolve(file));
  const named = env.KUBECONFIG ?? "";
  const candidates =
    named === ""
      ? [join(env.HOME ?? homedir(), ".kube", "config")]
      : named.split(delimiter).filter((each) => each !== "");
  // Of a list, files that do not exist are left out: so does kubectl. A single one that was named is missed.
  const only = named !== "" && candidates.length === 1;
  const files = [...new Set(candidates.map((each) => resolve(each)))].filter((each) => only || existsSync(each));
  return files.length === 0 ? null : mergeKubeconfigs(files.map(readKubeconfigFile));
}

function kubeletSettings({ kubeletKubeconfig }: KubeconfigOptions, notify: Notify): SourceSettings | null {
  if (kubeletKubeconfig === undefined) return null;
  return selectContext(readKubeconfigFile(resolve(kubeletKubeconfig)), null, notify);
}
