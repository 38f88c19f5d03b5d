import { type FlagTable, list, toggle, value } from "./flag.js";
import { namespaceName, pathName } from "./target-values.js";
import { count, duration, oneOf, text } from "./values.js";

const GROUP = "Kubernetes (instead of --target; any of these makes it a run against API servers)";
const ROLLOUT = "Rollout (Kubernetes only)";
const HOUR = 3600e9;

/** Where the cluster is, and as whom to ask: of `run` and of `cleanup`. */
export const KUBE_ACCESS_FLAGS = {
  kubeconfig: value({
    group: GROUP,
    placeholder: "FILE",
    parse: text("a file name"),
    fallback: null,
    absent: "KUBECONFIG, then ~/.kube/config, then the pod's service account",
    file: true,
    help: "cluster and credentials, as kubectl takes them",
  }),
  kubeletKubeconfig: value({
    group: GROUP,
    placeholder: "FILE",
    parse: text("a file name"),
    fallback: null,
    file: true,
    help: "take the address alone from the kubelet's file (all of it, where there is no other kubeconfig)",
  }),
  context: value({
    group: GROUP,
    placeholder: "NAME",
    parse: text("a context's name"),
    fallback: null,
    absent: "current-context",
    help: "the kubeconfig's context to use",
  }),
} satisfies FlagTable;

/** What `run` does against API servers. */
export const KUBE_FLAGS = {
  ...KUBE_ACCESS_FLAGS,
  workload: value({
    group: GROUP,
    placeholder: "NAME",
    parse: oneOf(["crud", "readonly", "version"]),
    fallback: null,
    absent: "crud",
    help: "held: crud creates, gets and deletes objects in a scratch namespace; readonly reads; version asks for /version and /readyz alone",
  }),
  concurrency: value({
    group: GROUP,
    placeholder: "N",
    parse: count(1, 1_000),
    fallback: "10",
    help: "workers of the workload on each path: each has one request open at most; --rate is their common pace",
  }),
  namespace: value({
    group: GROUP,
    placeholder: "NAME",
    parse: namespaceName,
    fallback: null,
    absent: "one is made, and deleted at the end",
    help: "work in this namespace, which is there and stays; what the run makes in it is deleted at the end",
  }),
  noPath: list({
    group: GROUP,
    placeholder: "NAME",
    parse: pathName,
    help: "do not probe this way, though it could be found: vip, local, service, peer-1 and so on, or peer for all peers",
  }),
  identity: toggle({
    group: GROUP,
    fallback: true,
    help: "do not ask who answers (GET /api as the first request of each session)",
  }),
  terminationLog: value({
    group: ROLLOUT,
    placeholder: "FILE",
    parse: text("a file name"),
    fallback: null,
    file: true,
    help: "follow the local API server's klog file, such as /var/log/kube-apiserver/termination.log",
  }),
  kubeApiserverNamespace: list({
    group: ROLLOUT,
    placeholder: "NAME",
    parse: namespaceName,
    absent: "openshift-kube-apiserver and kube-system",
    help: "where the API servers' events and pods are",
  }),
  markers: toggle({
    group: ROLLOUT,
    fallback: true,
    help: "do not look for markers of the rollout: /readyz, the local process, events, pods",
  }),
  trigger: value({
    group: ROLLOUT,
    placeholder: '"CMD"',
    parse: text("a command, or openshift"),
    fallback: null,
    help: "run this in a shell once the baseline is steady; openshift forces a redeployment by its operator (wants --yes)",
  }),
  yes: toggle({ group: ROLLOUT, fallback: false, help: "do let --trigger openshift roll the control plane out" }),
  baseline: value({
    group: ROLLOUT,
    placeholder: "TIME",
    parse: duration({ minNs: 0, maxNs: HOUR }),
    fallback: "10s",
    help: "steady means: this long without an incident",
  }),
  settle: value({
    group: ROLLOUT,
    placeholder: "TIME",
    parse: duration({ minNs: 0, maxNs: HOUR }),
    fallback: "30s",
    help: "after --trigger, end the run this long after the last backend is ready again",
  }),
} satisfies FlagTable;

/** Flags that mean nothing without a cluster: each of them makes it a Kubernetes run. */
export const KUBE_FLAG_NAMES = Object.keys(KUBE_FLAGS) as readonly (keyof typeof KUBE_FLAGS)[];
