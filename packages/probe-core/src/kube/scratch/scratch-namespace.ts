import { DrainprobeError } from "../../errors.js";
import type { KubeApi } from "../api/kube-api.js";
import { statusText } from "../api/status-text.js";
import { collectionPath, labelsOf, RESOURCES, RUN_LABEL } from "../workload/kube-objects.js";
import { startHeartbeat } from "./heartbeat.js";
import { thisOwner } from "./owner.js";
import { type Removal, removeNamespace } from "./remove-namespace.js";

export const HOST_ANNOTATION = "drainprobe.dev/host";
export const PROCESS_ANNOTATION = "drainprobe.dev/process";

/** Where a workload may make and delete what it likes. */
export interface Scratch {
  readonly namespace: string;
  /** Deletes it with all that is in it, or, where the namespace is not ours, what this run made in it. */
  remove(): Promise<Removal>;
}

/**
 * Makes a namespace for one run, and says on it that the run goes on until it is removed. `notify` is told where that is not allowed.
 *
 * @throws DrainprobeError `CLUSTER_REFUSED` where the cluster does not let us, or cannot be reached.
 */
export async function createScratch(
  api: KubeApi,
  run: string,
  notify: (text: string) => void = () => {},
): Promise<Scratch> {
  const owner = thisOwner();
  const namespace = `drainprobe-${run}`;
  const answer = await api.ask({
    method: "POST",
    path: "/api/v1/namespaces",
    body: {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: {
        name: namespace,
        labels: labelsOf(run),
        annotations: {
          [HOST_ANNOTATION]: owner.host,
          ...(owner.process === null ? {} : { [PROCESS_ANNOTATION]: owner.process }),
        },
      },
    },
  });
  if (!answer.ok || answer.status !== 201) {
    throw new DrainprobeError("CLUSTER_REFUSED", `the scratch namespace cannot be created: ${statusText(answer)}`);
  }
  const endHeartbeat = startHeartbeat(api, namespace, notify);
  return {
    namespace,
    async remove() {
      await endHeartbeat();
      return removeNamespace(api, namespace);
    },
  };
}

/** Uses a namespace that is there. What this run makes in it is removed at the end, and nothing else. */
export async function borrowScratch(api: KubeApi, namespace: string, run: string): Promise<Scratch> {
  const answer = await api.ask({ path: `/api/v1/namespaces/${namespace}` });
  if (!answer.ok || answer.status !== 200) {
    throw new DrainprobeError("CLUSTER_REFUSED", `namespace ${namespace} cannot be used: ${statusText(answer)}`);
  }
  return {
    namespace,
    remove: () => removeObjects(api, namespace, `${RUN_LABEL}=${run}`),
  };
}

/** Deletes the objects of a namespace that a selector matches, of the kinds we make. */
export async function removeObjects(api: KubeApi, namespace: string, selector: string): Promise<Removal> {
  for (const resource of RESOURCES) {
    const path = `${collectionPath(namespace, resource)}?labelSelector=${encodeURIComponent(selector)}`;
    const answer = await api.ask({ method: "DELETE", path });
    if (!answer.ok || answer.status >= 400) return { kind: "failed", why: statusText(answer) };
  }
  return { kind: "gone" };
}
