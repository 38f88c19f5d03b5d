import { wallNowMs } from "../../clock/wall-now.js";
import type { BackendName } from "../../events/index.js";
import type { ApiClient } from "./api-client.js";
import { followCollection } from "./api-follower.js";
import { type ApiObject, objectOf, textOf } from "./api-objects.js";
import { type ApiTime, apiTime } from "./api-time.js";
import { type MarkerDeps, MarkerTeller, type StopSource } from "./marker-source.js";
import { TerminationReader, type TerminationWord } from "./termination-words.js";

/** Options of {@link followApiEvents}. */
export interface ApiEventOptions {
  /** On connections of its own; closed when the source stops. */
  readonly client: ApiClient;
  readonly namespace: string;
}

/** Events of before the run are told by nobody. Server and host may disagree about the time by as much. */
const CLOCK_SLACK_MS = 2_000;

/**
 * Follows the events that API servers record while they terminate. They have whole seconds by the server's clock, and arrive through
 * whatever path the credentials name, late where that path suffers from the rollout itself.
 */
export function followApiEvents(options: ApiEventOptions, deps: MarkerDeps): StopSource {
  const teller = new MarkerTeller("api.event", deps);
  const readers = new Map<BackendName, TerminationReader>();
  const startedMs = wallNowMs();
  const stop = followCollection(options.client, deps.clock, {
    path: `/api/v1/namespaces/${encodeURIComponent(options.namespace)}/events`,
    onProblem: (what) => teller.notice(`events of ${options.namespace}: ${what}`),
    onObject: (event) => {
      const said = saidAt(event);
      const reason = textOf(event.reason);
      const backend = backendOf(event);
      if (said === null || reason === null || backend === null || said.ms < startedMs - CLOCK_SLACK_MS) return;
      const word: TerminationWord = { form: "event", name: reason, pod: null };
      const moment = readerOf(readers, backend).read(word, said.ms);
      if (moment === null) return;
      teller.tell({ backend, saidAt: said.iso, resolutionNs: said.resolutionNs, ...moment });
    },
  });
  return async () => {
    teller.stop();
    await stop();
  };
}

function readerOf(readers: Map<BackendName, TerminationReader>, backend: BackendName): TerminationReader {
  let reader = readers.get(backend);
  if (reader === undefined) {
    reader = new TerminationReader();
    readers.set(backend, reader);
  }
  return reader;
}

/** The first that is there: later ones are kept for events that repeat. */
function saidAt(event: ApiObject): ApiTime | null {
  const { eventTime, firstTimestamp, lastTimestamp, metadata } = event;
  return (
    apiTime(eventTime) ??
    apiTime(firstTimestamp) ??
    apiTime(lastTimestamp) ??
    apiTime(objectOf(metadata).creationTimestamp)
  );
}

/** The pod it is about. Newer releases record it against the namespace, and name the host as its source. */
function backendOf(event: ApiObject): BackendName | null {
  const { kind, name } = objectOf(event.involvedObject);
  const pod = textOf(name);
  if (kind === "Pod" && pod !== null) return pod.startsWith("kube-apiserver-") ? pod : null;
  return textOf(objectOf(event.source).host) ?? textOf(event.reportingInstance);
}
