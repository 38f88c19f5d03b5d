import { basename } from "node:path/posix";
import type { Deployment } from "./deployment.js";
import { IN_CONTAINER } from "./names.js";

/** Filled in by the kubelet: the node's own address, since the pod has the node's network. */
export const POD_IP = { variable: "POD_IP", reference: "$(POD_IP)" } as const;

/** The command line of the container. `drainprobe run` must accept it; a test lets it. */
export function containerArgs(deployment: Deployment): string[] {
  const {
    workload,
    concurrency,
    scratch,
    apiserverNamespace,
    kubeletKubeconfig,
    terminationLog,
    metricsPort,
    logSize,
  } = deployment;
  return [
    "run",
    ...(kubeletKubeconfig === null ? [] : ["--kubelet-kubeconfig", IN_CONTAINER.kubeletKubeconfig]),
    "--workload",
    workload,
    "--concurrency",
    String(concurrency),
    ...(scratch === null ? [] : ["--namespace", scratch]),
    "--kube-apiserver-namespace",
    apiserverNamespace,
    ...(terminationLog === null
      ? []
      : ["--termination-log", `${IN_CONTAINER.terminationLogs}/${basename(terminationLog)}`]),
    ...(metricsPort === null ? [] : ["--metrics-port", String(metricsPort), "--metrics-address", POD_IP.reference]),
    ...(logSize === null ? [] : ["--out", IN_CONTAINER.logs]),
  ];
}
