import type { RequestSource } from "../../io/request-source.js";
import type { RequestTemplate } from "../../io/request-template.js";
import { CrudWorker } from "./crud-worker.js";
import { kubeRequests } from "./kube-request.js";
import { ReadingWorker } from "./reading-worker.js";
import { WorkerPool } from "./worker-pool.js";

/** `crud`: creates, gets and deletes objects in a scratch namespace. `readonly`: reads. `version`: what needs no rights at all. */
export const WORKLOADS = ["crud", "readonly", "version"] as const;
/** One of {@link WORKLOADS}. */
export type WorkloadName = (typeof WORKLOADS)[number];

/** Options of {@link workloadSource}. */
export interface WorkloadOptions {
  readonly workload: WorkloadName;
  /** Workers: requests that may be open at once. */
  readonly concurrency: number;
  /** The scratch namespace; `version` uses none. */
  readonly namespace: string | null;
  /** Identity of the run, for labels. */
  readonly run: string;
  /** Which of the run's paths, from 0: keeps the names of their objects apart. */
  readonly path: number;
  /** The kubeconfig's server. */
  readonly server: URL;
}

/** 500 is how a server says "not ready": an answer, which is expected of one that shuts down. */
const READYZ_SAYS_NO: readonly number[] = [500];

/** The requests of the held lane of one path. */
export function workloadSource(options: WorkloadOptions): RequestSource {
  const { workload, concurrency, namespace, run, path } = options;
  const requests = kubeRequests(options.server);
  const probes: readonly [RequestTemplate, ...RequestTemplate[]] = [
    requests.get("/version"),
    requests.get("/readyz", READYZ_SAYS_NO),
  ];
  const reads: readonly [RequestTemplate, ...RequestTemplate[]] =
    namespace === null ? probes : [requests.get(`/api/v1/namespaces/${namespace}`), ...probes];
  return new WorkerPool(
    Array.from({ length: concurrency }, (_, index) =>
      workload === "crud" && namespace !== null
        ? new CrudWorker({ requests, namespace, run, prefix: `${run}-p${path}w${index}`, between: reads }, index)
        : new ReadingWorker(reads, index),
    ),
  );
}

/** What the workload keeps open beside it: paths for the lanes `watch` and `slow`. */
export function workloadStreams(
  workload: WorkloadName,
  namespace: string | null,
): { readonly watch: readonly string[]; readonly slow: readonly string[] } {
  if (workload === "version" || namespace === null) return { watch: [], slow: [] };
  return {
    // From any version the server has: without resourceVersion some servers must ask their store first, and old stores cannot tell.
    watch: [`/api/v1/namespaces/${namespace}/configmaps?watch=true&resourceVersion=0`],
    slow: ["/api/v1/configmaps"],
  };
}

/** A list of everything is asked for once a minute. */
export const SLOW_EVERY_MS = 60_000;
