/**
 * Which kube-apiserver: `current` is the pinned one of today (or the one in KUBEBUILDER_ASSETS, whatever its version);
 * `historic` is v1.18, whose process exits without waiting for its HTTP server to shut down.
 */
export type KubeVersion = "current" | "historic";
