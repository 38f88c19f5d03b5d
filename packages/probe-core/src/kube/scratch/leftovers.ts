import { wallNowMs } from "../../clock/wall-now.js";
import { DrainprobeError } from "../../errors.js";
import { field, items, text } from "../api/json.js";
import type { KubeApi } from "../api/kube-api.js";
import { statusText } from "../api/status-text.js";
import { OURS } from "../workload/kube-objects.js";
import { ALIVE_ANNOTATION, aliveByHeartbeat } from "./heartbeat.js";
import { ownerLives } from "./owner.js";
import { HOST_ANNOTATION, PROCESS_ANNOTATION } from "./scratch-namespace.js";

/** A scratch namespace that is there. */
export interface Leftover {
  readonly namespace: string;
  /** Wall time, ms; `null` where the server does not say. */
  readonly createdAtMs: number | null;
  readonly host: string | null;
  /**
   * Does the run that made it go on? By its process where that is or was on this machine, else by when it last said so. `null`: it
   * was elsewhere and never said anything.
   */
  readonly ownerLives: boolean | null;
}

/**
 * Scratch namespaces of any run, by label.
 *
 * @throws DrainprobeError `CLUSTER_REFUSED` where they cannot be listed.
 */
export async function findLeftovers(api: KubeApi): Promise<readonly Leftover[]> {
  const answer = await api.ask({ path: `/api/v1/namespaces?labelSelector=${encodeURIComponent(OURS)}` });
  if (!answer.ok || answer.status !== 200) {
    throw new DrainprobeError("CLUSTER_REFUSED", `namespaces cannot be listed: ${statusText(answer)}`);
  }
  return items(answer.body).flatMap((item) => {
    const namespace = text(field(item, "metadata", "name"));
    return namespace === null ? [] : [leftover(namespace, field(item, "metadata"))];
  });
}

function leftover(namespace: string, metadata: unknown): Leftover {
  const created = Date.parse(text(field(metadata, "creationTimestamp")) ?? "");
  const host = text(field(metadata, "annotations", HOST_ANNOTATION));
  const process = text(field(metadata, "annotations", PROCESS_ANNOTATION));
  return {
    namespace,
    createdAtMs: Number.isNaN(created) ? null : created,
    host,
    ownerLives:
      (host === null ? null : ownerLives({ host, process })) ??
      aliveByHeartbeat(text(field(metadata, "annotations", ALIVE_ANNOTATION)), wallNowMs()),
  };
}
