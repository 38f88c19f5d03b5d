import type { MANIFESTS_FLAGS } from "../flags/manifests-flags.js";
import type { Merged } from "../flags/settings.js";
import { UsageError } from "../usage-error.js";

/** What is to be deployed, and how: the settings of `drainprobe manifests`, resolved. */
export interface Deployment {
  readonly namespace: string;
  readonly image: string;
  readonly workload: "crud" | "readonly" | "version";
  readonly concurrency: number;
  /** The namespace in which the workload works: prepared here, or `null` where each run makes its own. */
  readonly scratch: string | null;
  readonly openshift: boolean;
  /** Where the API servers' pods and events are. */
  readonly apiserverNamespace: string;
  /** The kubelet's kubeconfig on the node; `null`: the address comes from the service account too. */
  readonly kubeletKubeconfig: string | null;
  /** The API server's klog file on the node. */
  readonly terminationLog: string | null;
  readonly metricsPort: number | null;
  readonly serviceMonitor: boolean;
  /** Room for logs on the node, a Kubernetes quantity; `null`: no log is kept. */
  readonly logSize: string | null;
}

/** Where kubeadm has it, and where OpenShift has it. */
const KUBELET_KUBECONFIG = { kubernetes: "/etc/kubernetes/kubelet.conf", openshift: "/var/lib/kubelet/kubeconfig" };

const SCRATCH_SUFFIX = "-scratch";
const LONGEST_NAME = 63;

/** Settings as a deployment. What does not go together is refused. */
export function deploymentOf({ settings, origins }: Merged<typeof MANIFESTS_FLAGS>): Deployment {
  const { namespace, image, workload, concurrency, openshift, metricsPort, serviceMonitor, logSize } = settings;
  if (serviceMonitor && metricsPort === undefined) {
    throw new UsageError(`${origins.get("serviceMonitor")}: there is nothing to scrape without --metrics-port`);
  }
  const scratch = workload === "version" || settings.ownNamespaces ? null : `${namespace}${SCRATCH_SUFFIX}`;
  if (scratch !== null && scratch.length > LONGEST_NAME) {
    throw new UsageError(
      `${origins.get("namespace")} ${namespace}: too long by ${scratch.length - LONGEST_NAME} for a ${SCRATCH_SUFFIX} beside it`,
    );
  }
  const kubelet = settings.kubeletKubeconfig ?? KUBELET_KUBECONFIG[openshift ? "openshift" : "kubernetes"];
  return {
    namespace,
    image,
    workload,
    concurrency,
    scratch,
    openshift,
    apiserverNamespace: openshift ? "openshift-kube-apiserver" : "kube-system",
    kubeletKubeconfig: kubelet === "none" ? null : kubelet,
    terminationLog: settings.terminationLog ?? null,
    metricsPort: metricsPort ?? null,
    serviceMonitor,
    logSize: logSize === "none" ? null : logSize,
  };
}
