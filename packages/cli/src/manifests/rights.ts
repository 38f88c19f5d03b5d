import type { IPolicyRule } from "kubernetes-models/rbac.authorization.k8s.io/v1/PolicyRule";
import type { Deployment } from "./deployment.js";
import { sharedPlaceName } from "./names.js";

/** Rights in one namespace, or, where that is `null`, in the whole cluster. */
export interface Rights {
  readonly namespace: string | null;
  readonly rules: readonly IPolicyRule[];
}

/** What `crud` makes: see the workload. */
const MADE = ["configmaps", "secrets", "serviceaccounts"];

/** Everything the probe may do. Each rule is there for one thing that it does, and nothing else is. */
export function rights(deployment: Deployment): Rights[] {
  const { namespace, scratch, openshift, apiserverNamespace } = deployment;
  return [
    { namespace: null, rules: [ANSWERS_OF_ANY_SERVER, ...workInCluster(deployment)] },
    ...(scratch === null ? [] : [{ namespace: scratch, rules: workInScratch(deployment) }]),
    { namespace: "default", rules: WAYS_TO_THE_SERVERS },
    { namespace: apiserverNamespace, rules: MARKERS },
    ...(openshift ? [{ namespace, rules: [useOfConstraints(namespace)] }] : []),
  ];
}

/** `/version` is what is not exempt from a shutdown's 429, `/readyz` tells the phase, `/api` tells who answers. */
const ANSWERS_OF_ANY_SERVER: IPolicyRule = { nonResourceURLs: ["/version", "/readyz", "/api"], verbs: ["get"] };

/** The API servers' own addresses: each is a path of its own, beside the balancer's. */
const WAYS_TO_THE_SERVERS: readonly IPolicyRule[] = [
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list"] },
  { apiGroups: [""], resources: ["endpoints", "services"], resourceNames: ["kubernetes"], verbs: ["get"] },
];

/** What the API servers' pods and events say of a rollout. */
const MARKERS: readonly IPolicyRule[] = [{ apiGroups: [""], resources: ["pods", "events"], verbs: ["list", "watch"] }];

function useOfConstraints(namespace: string): IPolicyRule {
  return {
    apiGroups: ["security.openshift.io"],
    resources: ["securitycontextconstraints"],
    resourceNames: [sharedPlaceName(namespace)],
    verbs: ["use"],
  };
}

function workInCluster({ workload, scratch }: Deployment): IPolicyRule[] {
  if (workload === "version") return [];
  // Once a minute the list of all: the long request that a shutdown may cut.
  const lists: IPolicyRule = { apiGroups: [""], resources: ["configmaps"], verbs: ["list"] };
  if (scratch !== null) {
    return [lists, { apiGroups: [""], resources: ["namespaces"], resourceNames: [scratch], verbs: ["get"] }];
  }
  // Namespaces that do not exist yet cannot be named, so these hold for all there are.
  return [
    lists,
    // `patch` is for the heartbeat, by which a cleanup elsewhere sees that the run goes on. `list` is the cleanup's.
    { apiGroups: [""], resources: ["namespaces"], verbs: ["create", "get", "list", "patch", "delete"] },
    { apiGroups: [""], resources: ["configmaps"], verbs: ["watch"] },
    ...(workload === "crud" ? [{ apiGroups: [""], resources: [...MADE], verbs: ["create", "get", "delete"] }] : []),
  ];
}

function workInScratch({ workload }: Deployment): IPolicyRule[] {
  const watches: IPolicyRule = { apiGroups: [""], resources: ["configmaps"], verbs: ["watch"] };
  // At its end a run deletes by its own label what it has left.
  const verbs = ["create", "get", "delete", "deletecollection"];
  // Every run removes what may be left of it, also of one that made nothing.
  const removes: IPolicyRule = { apiGroups: [""], resources: [...MADE], verbs: ["deletecollection"] };
  return workload === "crud" ? [watches, { apiGroups: [""], resources: [...MADE], verbs }] : [watches, removes];
}
