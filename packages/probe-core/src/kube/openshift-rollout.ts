import { DrainprobeError } from "../errors.js";
import type { KubeApi } from "./api/kube-api.js";
import { statusText } from "./api/status-text.js";

/**
 * Makes OpenShift's operator roll kube-apiserver out, one node after the other.
 *
 * @throws DrainprobeError `CLUSTER_REFUSED`.
 */
export async function forceOpenShiftRollout(api: KubeApi, reason: string): Promise<void> {
  const answer = await api.ask({
    method: "PATCH",
    path: "/apis/operator.openshift.io/v1/kubeapiservers/cluster",
    contentType: "application/merge-patch+json",
    body: { spec: { forceRedeploymentReason: reason } },
  });
  if (answer.ok && answer.status === 200) return;
  throw new DrainprobeError("CLUSTER_REFUSED", `kubeapiserver/cluster cannot be patched: ${statusText(answer)}`);
}
