import type { Deployment } from "./deployment.js";
import { LABELS, sharedPlaceName } from "./names.js";

/** OpenShift's own kind, as far as it is used here (security.openshift.io/v1). */
export interface SecurityContextConstraints {
  readonly apiVersion: "security.openshift.io/v1";
  readonly kind: "SecurityContextConstraints";
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly allowPrivilegedContainer: boolean;
  readonly allowPrivilegeEscalation: boolean;
  readonly allowHostNetwork: boolean;
  readonly allowHostPorts: boolean;
  readonly allowHostPID: boolean;
  readonly allowHostIPC: boolean;
  readonly allowHostDirVolumePlugin: boolean;
  readonly allowedCapabilities: readonly string[];
  readonly requiredDropCapabilities: readonly string[];
  readonly readOnlyRootFilesystem: boolean;
  readonly runAsUser: { readonly type: "RunAsAny" };
  readonly seLinuxContext: { readonly type: "RunAsAny" };
  readonly fsGroup: { readonly type: "RunAsAny" };
  readonly supplementalGroups: { readonly type: "RunAsAny" };
  readonly seccompProfiles: readonly string[];
  readonly volumes: readonly string[];
}

/** What the pod needs beyond `restricted`: the node's network, and files of the node. Who may use it, a role says. */
export function securityContextConstraints({
  namespace,
  kubeletKubeconfig,
  terminationLog,
  metricsPort,
}: Deployment): SecurityContextConstraints {
  const readsNode = kubeletKubeconfig !== null || terminationLog !== null;
  return {
    apiVersion: "security.openshift.io/v1",
    kind: "SecurityContextConstraints",
    metadata: { name: sharedPlaceName(namespace), labels: { ...LABELS } },
    allowPrivilegedContainer: false,
    allowPrivilegeEscalation: false,
    allowHostNetwork: true,
    allowHostPorts: metricsPort !== null,
    allowHostPID: false,
    allowHostIPC: false,
    allowHostDirVolumePlugin: readsNode,
    allowedCapabilities: [],
    requiredDropCapabilities: ["ALL"],
    readOnlyRootFilesystem: true,
    runAsUser: { type: "RunAsAny" },
    seLinuxContext: { type: "RunAsAny" },
    fsGroup: { type: "RunAsAny" },
    supplementalGroups: { type: "RunAsAny" },
    seccompProfiles: ["runtime/default"],
    volumes: ["emptyDir", "projected", ...(readsNode ? ["hostPath"] : [])],
  };
}
