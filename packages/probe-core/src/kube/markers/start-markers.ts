import type { BackendName, Nanos } from "../../events/index.js";
import type { KubeAccess } from "../access.js";
import { type ApiClient, apiClient } from "./api-client.js";
import { followApiEvents } from "./api-events.js";
import { followPods } from "./api-pods.js";
import type { MarkerDeps, StopSource } from "./marker-source.js";
import { MarkerTeller } from "./marker-source.js";
import { watchProcess } from "./process.js";
import { pollReadyz } from "./readyz.js";
import { watchSwitchFiles } from "./switch-files.js";
import { followTerminationLog } from "./termination-log.js";

/** One backend that can be asked by itself, past any balancer. */
export interface DirectBackend {
  /** A node's name, as its pod has it, where that is known; else any name that no other backend has. */
  readonly backend: BackendName;
  /** Its own address. */
  readonly host: string;
  readonly port: number;
}

/** Which sources tell of rollouts. Each part that is missing is a source that is off. */
export interface MarkerOptions {
  /** The API server on this host: whose name the sources on this host give. */
  readonly local: DirectBackend;
  /** A klog file, followed from its end. */
  readonly terminationLog?: { readonly file: string; readonly zoneMinutes?: number };
  /** `/readyz` of the local backend, and of others where they can be reached directly. */
  readonly readyz?: {
    readonly access: KubeAccess;
    readonly peers?: readonly DirectBackend[];
    readonly everyNs?: Nanos;
    readonly timeoutNs?: Nanos;
  };
  /** The local API server's process. */
  readonly process?: { readonly pid?: number; readonly proc?: string };
  /** The switch files of a host that redirects its own traffic. */
  readonly switchFiles?: { readonly directory?: string; readonly vip?: string };
  /** Events and pods of these namespaces, through the API. */
  readonly api?: { readonly access: KubeAccess; readonly namespaces: readonly string[] };
}

/** {@link MarkerDeps}, and what a test may put in the place of the network. */
export interface StartMarkersDeps extends MarkerDeps {
  /** Default: over HTTPS, one client for each collection. */
  readonly apiClient?: (access: KubeAccess) => ApiClient;
}

/** Where kube-apiserver's pods and events may be: OpenShift's namespace, and that of kubeadm's static pods. */
export const KUBE_APISERVER_NAMESPACES: readonly string[] = ["openshift-kube-apiserver", "kube-system"];

/**
 * Starts every source asked for. They record facts through `deps.recorder`, never block a socket of the witness, and never fail: a
 * source that cannot tell anything says so once, by `deps.notify`. Returns what stops them all; after it no fact is recorded.
 */
export function startMarkers(options: MarkerOptions, deps: StartMarkersDeps): StopSource {
  const { local, terminationLog, readyz, process, switchFiles, api } = options;
  const { backend, host, port } = local;
  const stops: StopSource[] = [];
  nameDirect([local, ...(readyz?.peers ?? [])], deps);
  if (terminationLog !== undefined) stops.push(followTerminationLog({ ...terminationLog, backend }, deps));
  if (readyz !== undefined) {
    const { access, peers = [], ...timing } = readyz;
    for (const each of [local, ...peers]) stops.push(pollReadyz({ ...timing, ...each, access }, deps));
  }
  if (process !== undefined) stops.push(watchProcess({ ...process, backend, host, port }, deps));
  if (switchFiles !== undefined) stops.push(watchSwitchFiles({ ...switchFiles, backend }, deps));
  if (api !== undefined) {
    const client = deps.apiClient ?? apiClient;
    for (const namespace of api.namespaces) {
      stops.push(followApiEvents({ client: client(api.access), namespace }, deps));
      stops.push(followPods({ client: client(api.access), namespace }, deps));
    }
  }
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
}

/**
 * A direct address is a name as well: a connection that leads there has this backend, by whatever path. It also tells whoever reads
 * the log, from the first moment on, that this run knows backends.
 */
function nameDirect(backends: readonly DirectBackend[], deps: MarkerDeps): void {
  const teller = new MarkerTeller("readyz", deps);
  for (const { backend, host, port } of backends) {
    teller.name(backend, `${host.includes(":") ? `[${host}]` : host}:${port}`, "option");
  }
}
