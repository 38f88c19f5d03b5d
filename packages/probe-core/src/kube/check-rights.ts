import { field } from "./api/json.js";
import type { KubeApi } from "./api/kube-api.js";
import { RESOURCES } from "./workload/kube-objects.js";
import type { WorkloadName } from "./workload/workload.js";

interface Right {
  readonly verb: string;
  readonly resource: string;
  readonly namespace?: string;
}

/**
 * What a workload needs and we may not do, in words: `create secrets in drainprobe-1f3a`. Empty where all is well, and where the
 * cluster does not say. Asked before the run, because ten thousand 403 are no finding about a rollout.
 */
export async function missingRights(
  api: KubeApi,
  workload: WorkloadName,
  namespace: string | null,
): Promise<readonly string[]> {
  const rights = rightsOf(workload, namespace);
  const allowed = await Promise.all(rights.map((right) => mayWe(api, right)));
  return rights.filter((_, index) => allowed[index] === false).map(words);
}

function rightsOf(workload: WorkloadName, namespace: string | null): readonly Right[] {
  if (namespace === null || workload === "version") return [];
  const reading: Right[] = [
    { verb: "get", resource: "namespaces", namespace },
    { verb: "watch", resource: "configmaps", namespace },
    { verb: "list", resource: "configmaps" },
  ];
  if (workload === "readonly") return reading;
  return [
    ...reading,
    ...RESOURCES.flatMap((resource) => ["create", "get", "delete"].map((verb) => ({ verb, resource, namespace }))),
  ];
}

/** `null`: the cluster does not say. */
async function mayWe(api: KubeApi, { verb, resource, namespace }: Right): Promise<boolean | null> {
  const answer = await api.ask({
    method: "POST",
    path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: {
        resourceAttributes: {
          verb,
          resource,
          ...(namespace === undefined ? {} : { namespace }),
          ...(resource === "namespaces" && namespace !== undefined ? { name: namespace } : {}),
        },
      },
    },
  });
  const allowed = answer.ok && answer.status === 201 ? field(answer.body, "status", "allowed") : null;
  return typeof allowed === "boolean" ? allowed : null;
}

function words({ verb, resource, namespace }: Right): string {
  return `${verb} ${resource}${namespace === undefined ? " in all namespaces" : ` in ${namespace}`}`;
}
