/**
 * `@drainprobe/core/kube`: credentials, paths, workloads and markers of Kubernetes.
 *
 * @module core/kube
 */
export type { KubeAccess, KubeDescription } from "./access.js";
export { type ApiAnswer, type ApiEndpoint, type ApiQuestion, KubeApi } from "./api/kube-api.js";
export { missingRights } from "./check-rights.js";
export type { ClientCertificate } from "./credentials/tls-material.js";
export { kubeIdentity } from "./identity/identity-question.js";
export { type BoundedFileOptions, readBoundedFile } from "./kubeconfig/bounded-file.js";
export { type KubeconfigOptions, loadKubeconfig } from "./load-kubeconfig.js";
export type { ApiClient, ApiStream } from "./markers/api-client.js";
export type { MarkerDeps, MarkerNotice, StopSource } from "./markers/marker-source.js";
export {
  type DirectBackend,
  KUBE_APISERVER_NAMESPACES,
  type MarkerOptions,
  type StartMarkersDeps,
  startMarkers,
} from "./markers/start-markers.js";
export type { CredentialNotice, Notify } from "./notice.js";
export { forceOpenShiftRollout } from "./openshift-rollout.js";
export { type KubePathOptions, kubePath } from "./path-options.js";
export { discoverPaths, endpointText, type FoundPath, type UnusedPath } from "./paths/discover-paths.js";
export { findLeftovers, type Leftover } from "./scratch/leftovers.js";
export { type Removal, removeNamespace } from "./scratch/remove-namespace.js";
export { borrowScratch, createScratch, removeObjects, type Scratch } from "./scratch/scratch-namespace.js";
export { OURS } from "./workload/kube-objects.js";
export {
  SLOW_EVERY_MS,
  WORKLOADS,
  type WorkloadName,
  workloadSource,
  workloadStreams,
} from "./workload/workload.js";
export { type AmbiguousWrite, type Applied, WritesResolver } from "./workload/writes-resolver.js";
