import { VERSION } from "../version.js";
import { type FlagTable, toggle, value } from "./flag.js";
import { ParseProblem } from "./parse-problem.js";
import { namespaceName } from "./target-values.js";
import { count, oneOf } from "./values.js";

const WHAT = "What to deploy";
const WHERE = "Where";
const NODE = "Files of the node (read-only)";
const METRICS = "Metrics";

/** Flags of `drainprobe manifests`. */
export const MANIFESTS_FLAGS = {
  image: value({
    group: WHAT,
    placeholder: "IMAGE",
    parse: imageName,
    fallback: `drainprobe:${VERSION}`,
    help: "the image to run; none is published, so build one from the Containerfile and name it as your registry does",
  }),
  workload: value({
    group: WHAT,
    placeholder: "NAME",
    parse: oneOf(["crud", "readonly", "version"]),
    fallback: "crud",
    help: "what the probes do; the rights are those it needs and no others",
  }),
  concurrency: value({
    group: WHAT,
    placeholder: "N",
    parse: count(1, 1_000),
    fallback: "10",
    help: "workers of the workload on each path",
  }),
  namespace: value({
    group: WHERE,
    placeholder: "NAME",
    parse: namespaceName,
    fallback: "drainprobe",
    help: "namespace of the probes; the workload works in NAME-scratch beside it",
  }),
  ownNamespaces: toggle({
    group: WHERE,
    fallback: false,
    help: "let each run make a namespace and delete it, as the workload does by itself; that takes rights in all namespaces, to secrets too",
  }),
  openshift: toggle({
    group: WHERE,
    fallback: false,
    help: "for OpenShift: security context constraints, its places for files, and the rights to read openshift-kube-apiserver",
  }),
  kubeletKubeconfig: value({
    group: NODE,
    placeholder: "FILE",
    parse: nodeFileOrNone,
    fallback: null,
    absent: "/etc/kubernetes/kubelet.conf, on OpenShift /var/lib/kubelet/kubeconfig",
    help: "the file of the node that has the kubelet's API server address; none: ask the cluster's service address, and read no file",
  }),
  terminationLog: value({
    group: NODE,
    placeholder: "FILE",
    parse: nodeFile,
    fallback: null,
    help: "follow this klog file of the API server, such as /var/log/kube-apiserver/termination.log",
  }),
  logSize: value({
    group: NODE,
    placeholder: "SIZE",
    parse: sizeOrNone,
    fallback: "2Gi",
    help: "room for the probe's own logs, which go with the pod; none: keep no log",
  }),
  metricsPort: value({
    group: METRICS,
    placeholder: "PORT",
    parse: count(1, 65_535),
    fallback: null,
    absent: "no metrics are served",
    help: "serve metrics on this port of each node's address, with a Service and a liveness probe",
  }),
  serviceMonitor: toggle({
    group: METRICS,
    fallback: false,
    help: "a ServiceMonitor for the Prometheus operator; wants --metrics-port",
  }),
} satisfies FlagTable;

/** `[registry[:port]/]name[/name…][:tag][@digest]`. */
function imageName(text: string): string {
  const part = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
  const registry = "(?:[A-Za-z0-9.-]+(?::\\d+)?/)?";
  const image = new RegExp(`^${registry}${part}(?:/${part})*(?::[\\w][\\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`);
  if (!image.test(text)) throw new ParseProblem("not an image: write it like registry.example.com/drainprobe:0.1.0");
  return text;
}

function nodeFile(text: string): string {
  if (!/^\/(?:[^/\0]+\/)*[^/\0]+$/.test(text) || text.split("/").some((part) => part === "." || part === "..")) {
    throw new ParseProblem("not a file of the node: write its whole path, such as /var/lib/kubelet/kubeconfig");
  }
  return text;
}

function nodeFileOrNone(text: string): string {
  return text === "none" ? text : nodeFile(text);
}

function sizeOrNone(text: string): string {
  if (text !== "none" && !/^[1-9]\d*(?:[KMGT]i)$/.test(text)) {
    throw new ParseProblem("not a size: write it like 500Mi or 2Gi, or none");
  }
  return text;
}
