import { existsSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import type { KubeEvent, Probe } from "@drainprobe/core";
import {
  type ApiEndpoint,
  type DirectBackend,
  endpointText,
  KUBE_APISERVER_NAMESPACES,
  type KubeAccess,
  startMarkers,
} from "@drainprobe/core/kube";
import type { RUN_FLAGS } from "../flags/run-flags.js";
import type { Merged } from "../flags/settings.js";
import type { KubePath } from "./kube-paths.js";

export interface FollowMarkersParts {
  readonly merged: Merged<typeof RUN_FLAGS>;
  readonly access: KubeAccess;
  readonly paths: readonly KubePath[];
  readonly probe: Probe;
  readonly note: (text: string) => void;
}

/** Where a host that redirects its own traffic to its own server says so. */
const SWITCH_FILES = "/run/cloud-routes";

/** Starts everything that can tell of rollouts from here. Returns what stops it. */
export function followMarkers({ merged, access, paths, probe, note }: FollowMarkersParts): () => Promise<void> {
  const { markers, terminationLog, kubeApiserverNamespace } = merged.settings;
  if (!markers && terminationLog === undefined) return async () => {};
  const local = localServer(access, paths);
  const peers = paths.flatMap(({ name, connectTo }) =>
    name.startsWith("peer-") && connectTo !== null ? [directBackend(endpointText(connectTo), connectTo)] : [],
  );
  const namespaces = kubeApiserverNamespace.length === 0 ? KUBE_APISERVER_NAMESPACES : kubeApiserverNamespace;
  // A server of this host goes by the node's name, as its pod and its log's writer do.
  const name = merged.settings.node ?? hostname();
  const self = directBackend(name, local ?? { host: name, port: access.port });
  return startMarkers(
    {
      local: self,
      ...(terminationLog === undefined ? {} : { terminationLog: { file: terminationLog } }),
      ...(markers && local !== null ? { readyz: { access, peers }, process: {} } : {}),
      ...(markers && existsSync(SWITCH_FILES) ? { switchFiles: { vip: access.host } } : {}),
      ...(markers ? { api: { access, namespaces } } : {}),
    },
    {
      // Sources of markers record facts of their own kind only.
      recorder: { record: (fact, at) => probe.record(fact as KubeEvent, at) },
      clock: probe.clock,
      notify: ({ source, text }) => note(`${source}: ${text}`),
    },
  );
}

function directBackend(backend: string, { host, port }: ApiEndpoint): DirectBackend {
  return { backend, host, port };
}

/** Paths that lead to one server, by the name its markers have. */
export function directPaths(
  access: KubeAccess,
  paths: readonly KubePath[],
  node: string = hostname(),
): ReadonlyMap<string, string> {
  const local = localServer(access, paths);
  const found = new Map<string, string>();
  for (const { name, connectTo } of paths) {
    const to = connectTo ?? { host: access.host, port: access.port };
    if (name.startsWith("peer-")) found.set(endpointText(to), name);
    else if (local !== null && endpointText(to) === endpointText(local)) found.set(node, name);
  }
  return found;
}

/** The API server on this host: the `local` path, or the kubeconfig's address where that is one of this host. */
function localServer(access: KubeAccess, paths: readonly KubePath[]): ApiEndpoint | null {
  const local = paths.find(({ name }) => name === "local")?.connectTo ?? null;
  if (local !== null) return local;
  const own = Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));
  return access.host.startsWith("127.") || access.host === "localhost" || own.includes(access.host)
    ? { host: access.host, port: access.port }
    : null;
}
