/** The name of everything that has only one. */
export const NAME = "drainprobe";

/** The name of what is not in a namespace of the deployment's own: two deployments in a cluster are not to share it. */
export function sharedPlaceName(namespace: string): string {
  return namespace === NAME ? NAME : `${NAME}-${namespace}`;
}

/**
 * Labels of everything we deploy. Not `app.kubernetes.io/managed-by: drainprobe`: that marks what a run makes, and
 * `drainprobe cleanup` removes what has it.
 */
export const LABELS = { "app.kubernetes.io/name": NAME, "app.kubernetes.io/component": "probe" } as const;

/** Where things are inside the container. */
export const IN_CONTAINER = {
  kubeletKubeconfig: "/etc/drainprobe/kubelet.kubeconfig",
  terminationLogs: "/var/log/kube-apiserver",
  logs: "/var/log/drainprobe",
} as const;

/** Names of the pod's volumes and ports. */
export const VOLUME = { kubelet: "kubelet-kubeconfig", termination: "kube-apiserver-logs", logs: "logs" } as const;
export const METRICS_PORT_NAME = "metrics";

/** The user of the image that is not root. */
export const IMAGE_USER = 1000;
