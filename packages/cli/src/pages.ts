import { BENCH_FLAGS } from "./flags/bench-flags.js";
import { CLEANUP_FLAGS } from "./flags/cleanup-flags.js";
import { EXPLAIN_FLAGS } from "./flags/explain-flags.js";
import type { FlagTable } from "./flags/flag.js";
import { LAB_FLAGS } from "./flags/lab-flags.js";
import { MANIFESTS_FLAGS } from "./flags/manifests-flags.js";
import { REPORT_FLAGS } from "./flags/report-flags.js";
import { RUN_FLAGS } from "./flags/run-flags.js";
import { SELFTEST_FLAGS } from "./flags/selftest-flags.js";

/** What the exit code of every command means. */
export const EXIT_CODES = `Exit codes:
  0  pass: within every threshold
  1  the target went over a threshold
  2  misuse, or the instrument itself is broken
  3  inconclusive: too little was seen to say`;

const NO_LOG = "no log given: name a file, or - for stdin";

/** What a command says of itself: help and docs are made from it. */
export interface CommandPage {
  readonly name: string;
  readonly argument?: {
    readonly usage: string;
    readonly help: string;
    /** The line for someone who left it out. */
    readonly missing: string;
  };
  readonly summary: string;
  readonly description: string;
  readonly flags: FlagTable;
  readonly examples: readonly { readonly line: string; readonly what: string }[];
  readonly notes?: string;
}

export const RUN_PAGE: CommandPage = {
  name: "run",
  summary: "probe a service and say what happened to every connection and request",
  description:
    "Holds HTTP/2 sessions and opens new connections while the service is rolled out, and says which failures were a connection's and which a request's. Ends after --duration or at SIGINT or SIGTERM; a second signal ends it without a verdict.",
  flags: RUN_FLAGS,
  examples: [
    {
      line: "drainprobe run --target https://api.example.com:6443/version --duration 30s",
      what: "the default lanes for half a minute",
    },
    {
      line: "drainprobe run --path vip=https://10.0.0.2:6443 --path local=https://127.0.0.1:6443 --ca ca.crt --token-file token",
      what: "two ways to one service, side by side, until Ctrl-C",
    },
    {
      line: 'drainprobe run --target http://127.0.0.1:8080 --request "GET /" --request \'POST /items {"a":1}\' --out run.jsonl --json',
      what: "HTTP/2 without TLS, reads and writes, a log and a JSON summary",
    },
    {
      line: "drainprobe run --kubelet-kubeconfig /var/lib/kubelet/kubeconfig --kubeconfig probe.kubeconfig --out rollout.jsonl",
      what: "on a control-plane node, through the address that the kubelet uses",
    },
    { line: "drainprobe run --config probe.yaml --rate 200", what: "settings from a file, one of them overridden" },
  ],
  notes: `Without any lane flag a run has 2 held sessions at 50 requests/s, 1 idle session and 5
fresh.h2 connections/s. With one, the held lane and the lanes named; --sessions 0 switches
held off. A Kubernetes run finds its paths by itself, has a workload in the held lane, and
watches and lists beside it. Durations are written 250ms, 10s, 1m30s; rates are numbers per second.`,
};

export const REPORT_PAGE: CommandPage = {
  name: "report",
  argument: { usage: "<file...>", help: "logs written by run --out; - reads one from stdin", missing: NO_LOG },
  summary: "say again what a log says: verdicts are computed anew from its events",
  description:
    "Folds recorded logs, plain or packed by gzip, into the same report that run prints at its end; logs of several nodes are also read together. A log that was cut off is read up to there.",
  flags: REPORT_FLAGS,
  examples: [
    { line: "drainprobe report run.jsonl", what: "the text report" },
    {
      line: "drainprobe report master-0.jsonl.gz master-1.jsonl.gz --html report.html",
      what: "two nodes on one axis, as text and as a page",
    },
    {
      line: "drainprobe report --json master-0.jsonl master-1.jsonl | jq '.merged.episodes[] | [.who, .reason]'",
      what: "several logs as JSON",
    },
    { line: "ssh master-0 cat run.jsonl.gz | drainprobe report -", what: "from a pipe" },
    { line: "drainprobe report --max-connection-failures none run.jsonl", what: "judge by other thresholds" },
  ],
};

export const EXPLAIN_PAGE: CommandPage = {
  name: "explain",
  argument: {
    usage: "<file...>",
    help: "logs, or reports that quote them; - reads one from stdin, gzip is unpacked",
    missing: NO_LOG,
  },
  summary: "say what the logs of client-go programs tell of lost connections",
  description:
    "Reads logs of kubelets, controllers and tests (klog as text and JSON, journald, zap; also quoted in a Markdown report), brings the errors of Go's network stack together by connection, and says what follows from them and what cannot be told from such texts. Nothing is judged: the exit code is 0 when there were log lines, 3 when there were none.",
  flags: EXPLAIN_FLAGS,
  examples: [
    { line: "drainprobe explain kubelet.log", what: "one log" },
    {
      line: "drainprobe explain --year 2020 master-0.log master-1.log.gz",
      what: "several hosts, of a year that klog left out",
    },
    {
      line: "zcat kubelet.log.gz | drainprobe explain -",
      what: "from a pipe: journalctl -u kubelet -o short-iso will do as well",
    },
    { line: "drainprobe explain --json kubelet.log | jq '.findings[].text'", what: "for a program" },
  ],
};

export const SELFTEST_PAGE: CommandPage = {
  name: "selftest",
  summary: "inject faults on this machine and check that each is named rightly",
  description:
    "Plays faults of a local test server and balancer against the real probe, compares what it says with what was done, and prints the confusion matrix. Every recorded log is replayed and must give the live verdicts, byte for byte.",
  flags: SELFTEST_FLAGS,
  examples: [
    { line: "drainprobe selftest", what: "what run does at its start" },
    {
      line: "drainprobe selftest --all --engine both --matrix",
      what: "every scenario, both engines, the whole matrix",
    },
    { line: "drainprobe selftest --scenario rst-in-flight --repeat 100 --seed 7", what: "one of them, often" },
  ],
};

export const LAB_PAGE: CommandPage = {
  name: "lab",
  argument: {
    usage: "<what...>",
    help: "list; run SCENARIO; repeat SCENARIO; matrix [SCENARIO]; or down, which removes what a killed lab left",
    missing: "say what the lab is to do: lab list, lab run SCENARIO, lab repeat SCENARIO, lab matrix or lab down",
  },
  summary: "reproduce the failures of a rollout on this machine, and show what mends them",
  description:
    "Brings up a control plane of three API servers behind a balancer, runs a probe on each master, rolls the servers out, and holds what the probes saw against what the scenario says must come. Exit code 0: it came as expected; 1: it did not; 3: it was not played to its end.",
  flags: LAB_FLAGS,
  examples: [
    { line: "drainprobe lab list", what: "the scenarios, each with what it must show" },
    { line: "drainprobe lab run gcp-4.4.7-crud --out lab", what: "one of them, with the logs of its probes kept" },
    {
      line: "drainprobe lab run gcp-4.4.7-crud --fixed",
      what: "the same with the remedy in place: none of it may come",
    },
    { line: "drainprobe lab repeat aws-4.5-crud -n 20 --seed 1", what: "does it come every time?" },
    { line: "drainprobe lab matrix --json", what: "every scenario with every remedy there is" },
  ],
};

export const BENCH_PAGE: CommandPage = {
  name: "bench",
  argument: {
    usage: "<what...>",
    help: "churn, which opens one connection after the other",
    missing: "say what to measure: drainprobe bench churn --target URL",
  },
  summary: "open many new connections to a service of your own, and say what that costs",
  description:
    "Opens new connections to your own service at a rate, each witnessed as in a run, and says how many worked, how long connect, handshake and answer took, and what a connection cost this process. It puts load on its target and says how much before it begins. Exit code 0: all worked; 1: some failed; 3: it was ended early, or this host had no port left.",
  flags: BENCH_FLAGS,
  examples: [
    {
      line: "drainprobe bench churn --target https://127.0.0.1:6443/version --ca ca.crt",
      what: "200 connections at 20 a second, one request each",
    },
    {
      line: "drainprobe bench churn --target https://127.0.0.1:6443 --ca ca.crt --kind tls --rate 500 --max-rate 500 --count 5000 --json",
      what: "handshakes alone, over the cap because we say so, for a program",
    },
    {
      line: "drainprobe bench churn --target http://127.0.0.1:8080 --concurrency 8 --max-rate none",
      what: "a closed loop: as fast as eight at once can go",
    },
  ],
  notes: `A connection is closed by us, with close_notify and FIN, and its port rests for a minute on this host:
some 470 a second from one address to another is all that lasts. Running out of ports is told as
this host's failure, never the target's. No TLS session is resumed.`,
};

export const CLEANUP_PAGE: CommandPage = {
  name: "cleanup",
  summary: "remove what dead runs left in a Kubernetes cluster",
  description:
    "Finds the scratch namespaces of runs by their label and deletes them, those apart whose run goes on on this machine. Of runs on other machines it cannot tell: end them first, or give --older-than.",
  flags: CLEANUP_FLAGS,
  examples: [
    { line: "drainprobe cleanup --kubeconfig admin.kubeconfig", what: "all that is left" },
    { line: "drainprobe cleanup --older-than 2h --dry-run", what: "what would be removed" },
  ],
};

export const MANIFESTS_PAGE: CommandPage = {
  name: "manifests",
  summary: "print the Kubernetes objects that run a probe on each control-plane node",
  description:
    "Prints YAML for kubectl apply: namespaces, a service account with the rights its workload needs and no others, a DaemonSet on the nodes of the control plane, and what is asked for beside it. Nothing is sent anywhere.",
  flags: MANIFESTS_FLAGS,
  examples: [
    {
      line: "drainprobe manifests --image registry.example.com/drainprobe:0.1.0 > drainprobe.yaml",
      what: "the crud workload through the kubelet's address",
    },
    {
      line: "drainprobe manifests --openshift --metrics-port 9464 --service-monitor --termination-log /var/log/kube-apiserver/termination.log",
      what: "on OpenShift, with metrics, and the API server's own log beside",
    },
    {
      line: "drainprobe manifests --workload version --kubelet-kubeconfig none",
      what: "without any right to objects, without root and without files of the node",
    },
  ],
};

export const PAGES: readonly CommandPage[] = [
  RUN_PAGE,
  REPORT_PAGE,
  EXPLAIN_PAGE,
  SELFTEST_PAGE,
  LAB_PAGE,
  BENCH_PAGE,
  CLEANUP_PAGE,
  MANIFESTS_PAGE,
];
