import type { INamespace } from "kubernetes-models/v1/Namespace";
import type { IServiceAccount } from "kubernetes-models/v1/ServiceAccount";
import type { Deployment } from "./deployment.js";
import { LABELS, NAME } from "./names.js";

/** The pod shares the node's network and reads a file of the node: of the three levels only `privileged` allows that. */
const POD_SECURITY = {
  "pod-security.kubernetes.io/enforce": "privileged",
  "pod-security.kubernetes.io/audit": "privileged",
  "pod-security.kubernetes.io/warn": "privileged",
} as const;

/** The probe's own namespace, and the one it works in. Nothing runs in the latter. */
export function namespaces({ namespace, scratch, openshift }: Deployment): INamespace[] {
  const own: INamespace = {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name: namespace,
      labels: {
        ...LABELS,
        ...POD_SECURITY,
        ...(openshift ? { "security.openshift.io/scc.podSecurityLabelSync": "false" } : {}),
      },
      // A cluster's default node selector would keep the pods off the control plane.
      ...(openshift ? { annotations: { "openshift.io/node-selector": "" } } : {}),
    },
  };
  if (scratch === null) return [own];
  return [own, { apiVersion: "v1", kind: "Namespace", metadata: { name: scratch, labels: { ...LABELS } } }];
}

/** Who the probe is. */
export function serviceAccount({ namespace }: Deployment): IServiceAccount {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: NAME, namespace, labels: { ...LABELS } },
    // The pod asks for its token itself.
    automountServiceAccountToken: false,
  };
}
