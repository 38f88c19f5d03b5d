import { wallNowMs } from "../../clock/wall-now.js";
import type { Marker } from "../../events/index.js";
import { NANOS_PER_SECOND } from "../../events/index.js";
import type { ApiClient } from "./api-client.js";
import { followCollection } from "./api-follower.js";
import { type ApiObject, listOf, objectOf, textOf } from "./api-objects.js";
import { apiTime } from "./api-time.js";
import { type MarkerDeps, MarkerTeller, type StopSource } from "./marker-source.js";

/** Options of {@link followPods}. */
export interface PodOptions {
  /** On connections of its own; closed when the source stops. */
  readonly client: ApiClient;
  readonly namespace: string;
}

const CONTAINER = "kube-apiserver";
const DEFAULT_PORT = "6443";
const CLOCK_SLACK_MS = 2_000;

/**
 * Follows the API servers' pods: their node and address are names of the backend, and what the kubelet reports of them are markers,
 * in whole seconds of its clock. The mirror pod of a static pod is written by the kubelet through the API, so it is late, and
 * says nothing between T0 and the end.
 */
export function followPods(options: PodOptions, deps: MarkerDeps): StopSource {
  const teller = new MarkerTeller("pod", deps);
  const watcher = new PodWatcher(teller);
  const stop = followCollection(options.client, deps.clock, {
    path: `/api/v1/namespaces/${encodeURIComponent(options.namespace)}/pods`,
    onProblem: (what) => teller.notice(`pods of ${options.namespace}: ${what}`),
    onObject: (pod) => watcher.see(pod),
  });
  return async () => {
    teller.stop();
    await stop();
  };
}

/** What was last said of one pod, to tell a change from a repetition. */
interface PodSeen {
  ready: boolean | null;
  /** The start of its container, verbatim. */
  started: string | null;
  finished: string | null;
  deleted: string | null;
}

class PodWatcher {
  readonly #teller: MarkerTeller;
  readonly #pods = new Map<string, PodSeen>();
  readonly #sinceMs = wallNowMs() - CLOCK_SLACK_MS;

  constructor(teller: MarkerTeller) {
    this.#teller = teller;
  }

  see(pod: ApiObject): void {
    const metadata = objectOf(pod.metadata);
    const spec = objectOf(pod.spec);
    const status = objectOf(pod.status);
    const name = textOf(metadata.name);
    const node = textOf(spec.nodeName);
    const container = listOf(spec.containers).find((each) => each.name === CONTAINER);
    if (name === null || node === null || container === undefined) return;
    this.#teller.name(node, name, "pod");
    for (const address of addresses(status)) this.#teller.name(node, `${address}:${portOf(container)}`, "pod");

    const before = this.#pods.get(node);
    const state = containerState(status);
    const ready = readyCondition(status);
    const now: PodSeen = {
      ready: ready?.ready ?? before?.ready ?? null,
      started: state.started ?? before?.started ?? null,
      finished: state.finished ?? before?.finished ?? null,
      deleted: textOf(metadata.deletionTimestamp),
    };
    this.#pods.set(node, now);
    if (before === undefined) return;
    if (now.deleted !== null && now.deleted !== before.deleted) this.#tell(node, "termination.started", null, name);
    if (now.finished !== before.finished) this.#tell(node, "process.gone", now.finished, `${name}, container finished`);
    if (now.started !== before.started) this.#tell(node, "process.started", now.started, `${name}, container started`);
    if (now.ready !== before.ready && ready !== null) {
      this.#tell(node, ready.ready ? "readyz.green" : "readyz.red", ready.since, `${name}, condition Ready`);
    }
  }

  #tell(node: string, marker: Marker, time: string | null, detail: string): void {
    const said = apiTime(time);
    if (said !== null && said.ms < this.#sinceMs) return;
    const saidAt = said?.iso ?? null;
    this.#teller.tell({ backend: node, marker, saidAt, resolutionNs: said?.resolutionNs ?? NANOS_PER_SECOND, detail });
  }
}

function addresses(status: ApiObject): readonly string[] {
  const found = [status.hostIP, status.podIP, ...listOf(status.podIPs).map(({ ip }) => ip)];
  const texts = found.map(textOf).filter((address) => address !== null);
  return [...new Set(texts)].map((address) => (address.includes(":") ? `[${address}]` : address));
}

/** As its arguments have it, else the one everybody uses. */
function portOf(container: ApiObject): string {
  const words = [container.command, container.args].flatMap((list) => (Array.isArray(list) ? list : []));
  for (const word of words) {
    const port = typeof word === "string" ? /--secure-port=(\d+)\b/.exec(word)?.[1] : undefined;
    if (port !== undefined) return port;
  }
  return DEFAULT_PORT;
}

function containerState(status: ApiObject): { started: string | null; finished: string | null } {
  const container = objectOf(listOf(status.containerStatuses).find((each) => each.name === CONTAINER));
  const state = objectOf(container.state);
  const ended = [state.terminated, objectOf(container.lastState).terminated].map((each) => objectOf(each).finishedAt);
  return {
    started: textOf(objectOf(state.running).startedAt),
    finished: ended.map(textOf).find((at) => at !== null) ?? null,
  };
}

function readyCondition(status: ApiObject): { ready: boolean; since: string | null } | null {
  const condition = listOf(status.conditions).find(({ type }) => type === "Ready");
  if (condition === undefined) return null;
  return { ready: condition.status === "True", since: textOf(condition.lastTransitionTime) };
}
