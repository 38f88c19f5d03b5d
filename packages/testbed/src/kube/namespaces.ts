import { setTimeout as pause } from "node:timers/promises";
import type { ApiAnswer, ApiQuestion } from "./api-client.js";

/** Asks some apiserver that runs. */
export type Ask = (question: ApiQuestion) => Promise<ApiAnswer>;

const EVERY_MS = 500;

/**
 * Does what kube-controller-manager does for deleted namespaces, since there is none here and they would stay `Terminating` for
 * ever: removes what is in them, then their finalizer. It asks twice a second on connections of its own and keeps no watch, which
 * would hold a terminating apiserver for a minute. Gives a function that ends it.
 */
export function startNamespaceController(ask: Ask): () => Promise<void> {
  const stop = new AbortController();
  const loop = (async () => {
    while (!stop.signal.aborted) {
      // A server that is on its way down or up: the next look will tell.
      await finishTerminating(ask).catch(() => {});
      await pause(EVERY_MS, undefined, { signal: stop.signal }).catch(() => {});
    }
  })();
  return () => {
    stop.abort();
    return loop;
  };
}

interface Namespace {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec?: { readonly finalizers?: readonly string[] };
}

async function finishTerminating(ask: Ask): Promise<void> {
  const { items } = (await ask({ path: "/api/v1/namespaces" })).json() as { items: readonly Namespace[] };
  for (const namespace of items) {
    if (namespace.metadata.deletionTimestamp === undefined || !namespace.spec?.finalizers?.includes("kubernetes"))
      continue;
    const { name } = namespace.metadata;
    let left = false;
    for (const collection of await collections(ask)) {
      const path = `${collection.groupVersion}/namespaces/${name}/${collection.resource}`;
      await ask({ method: "DELETE", path });
      const rest = (await ask({ path: `${path}?limit=1` })).json() as { items?: readonly unknown[] };
      if ((rest.items ?? []).length > 0) left = true;
    }
    // Something has a finalizer of its own: its owner's turn, and ours again at the next look.
    if (left) continue;
    const finalizers = namespace.spec.finalizers.filter((finalizer) => finalizer !== "kubernetes");
    await ask({
      method: "PUT",
      path: `/api/v1/namespaces/${name}/finalize`,
      body: { apiVersion: "v1", kind: "Namespace", metadata: { name }, spec: { finalizers } },
    });
  }
}

interface Collection {
  /** `/api/v1` or `/apis/group/version`. */
  readonly groupVersion: string;
  readonly resource: string;
}

/** Every kind of thing a namespace can hold and that can be deleted in one go. */
async function collections(ask: Ask): Promise<Collection[]> {
  const { groups } = (await ask({ path: "/apis" })).json() as {
    groups: readonly { readonly preferredVersion: { readonly groupVersion: string } }[];
  };
  const found: Collection[] = [];
  for (const groupVersion of ["/api/v1", ...groups.map((group) => `/apis/${group.preferredVersion.groupVersion}`)]) {
    const { resources } = (await ask({ path: groupVersion })).json() as {
      resources?: readonly { readonly name: string; readonly namespaced: boolean; readonly verbs: readonly string[] }[];
    };
    for (const { name, namespaced, verbs } of resources ?? [])
      if (namespaced && verbs.includes("deletecollection")) found.push({ groupVersion, resource: name });
  }
  return found;
}
