import { pause } from "../../clock/pause.js";
import type { ApiAnswer, KubeApi } from "../api/kube-api.js";
import { statusText } from "../api/status-text.js";

/** What became of the wish to remove something. */
export type Removal =
  | { readonly kind: "gone" }
  /** The server has taken the order and the namespace's content is being deleted; it takes its controller some seconds. */
  | { readonly kind: "terminating" }
  | { readonly kind: "failed"; readonly why: string };

/** How long a namespace is waited for, and how often an API server that is being rolled out is asked again. */
const WAIT_MS = 30_000;
const AGAIN_MS = 500;

/** Deletes a namespace and waits for it to be gone, for half a minute. */
export async function removeNamespace(api: KubeApi, namespace: string, waitMs: number = WAIT_MS): Promise<Removal> {
  const path = `/api/v1/namespaces/${namespace}`;
  const rounds = Math.ceil(waitMs / AGAIN_MS);
  let ordered = false;
  let last: ApiAnswer = { ok: false, code: "not asked" };
  for (let round = 0; round <= rounds; round += 1) {
    last = await api.ask(ordered ? { path } : { method: "DELETE", path });
    if (last.ok && last.status === 404) return { kind: "gone" };
    // 409: it is being deleted already.
    if (!ordered && last.ok && (last.status < 300 || last.status === 409)) ordered = true;
    else if (last.ok && (last.status === 401 || last.status === 403)) break;
    await pause(AGAIN_MS);
  }
  return ordered ? { kind: "terminating" } : { kind: "failed", why: statusText(last) };
}
