/** Labels of everything we make in a cluster: leftovers of a dead run are found by them. */
export const MANAGED_BY = { name: "app.kubernetes.io/managed-by", value: "drainprobe" } as const;
export const RUN_LABEL = "drainprobe.dev/run";

/** `labelSelector` of all that any run made. */
export const OURS = `${MANAGED_BY.name}=${MANAGED_BY.value}`;

/** What a workload makes, by resource. None of it needs a controller, or does anything. */
export const RESOURCES = ["serviceaccounts", "secrets", "configmaps"] as const;
export type Resource = (typeof RESOURCES)[number];

const KINDS: Readonly<Record<Resource, { readonly kind: string; readonly more: object }>> = {
  serviceaccounts: { kind: "ServiceAccount", more: { automountServiceAccountToken: false } },
  secrets: { kind: "Secret", more: { type: "Opaque", stringData: { made: "by drainprobe, to be deleted" } } },
  configmaps: { kind: "ConfigMap", more: { data: { made: "by drainprobe, to be deleted" } } },
};

/** The labels of one run. */
export function labelsOf(run: string): Readonly<Record<string, string>> {
  return { [MANAGED_BY.name]: MANAGED_BY.value, [RUN_LABEL]: run };
}

/**
 * A create does not say in its URL what it creates, and the log holds URLs only. This parameter of every create, which the server
 * notes as the object's field manager, says it.
 */
export const NAME_PARAMETER = "fieldManager";

/** The JSON that creates an object of ours. */
export function objectJson(resource: Resource, name: string, run: string): string {
  const { kind, more } = KINDS[resource];
  return JSON.stringify({ apiVersion: "v1", kind, metadata: { name, labels: labelsOf(run) }, ...more });
}

/** Where an object is created; the path names it. */
export function createPath(namespace: string, resource: Resource, name: string): string {
  return `${collectionPath(namespace, resource)}?${NAME_PARAMETER}=${name}`;
}

/** Where the objects of a resource are: `/api/v1/namespaces/NS/secrets`. */
export function collectionPath(namespace: string, resource: Resource): string {
  return `/api/v1/namespaces/${namespace}/${resource}`;
}
