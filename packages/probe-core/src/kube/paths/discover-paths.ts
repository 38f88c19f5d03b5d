import { isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import type { KubeAccess } from "../access.js";
import { field, items, text } from "../api/json.js";
import { type ApiEndpoint, KubeApi } from "../api/kube-api.js";

/** A way to the API servers that was found. */
export interface FoundPath {
  /** `vip`, `local`, `service`, `peer-1`. */
  readonly name: string;
  /** `null`: the kubeconfig's own address. */
  readonly connectTo: ApiEndpoint | null;
}

/** A way that was looked for and is not taken, and why. */
export interface UnusedPath {
  readonly name: string;
  readonly why: string;
}

export interface DiscoverOptions {
  readonly access: KubeAccess;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ways not to look for. */
  readonly without: ReadonlySet<string>;
  /** Default: those of this host's interfaces. */
  readonly ownAddresses?: ReadonlySet<string>;
}

const KUBE_APISERVER_PORT = 6443;
const TIMEOUT_MS = 3_000;

/**
 * Finds the ways to the API servers by themselves: `vip` is the kubeconfig's address, `local` the API server of this host, `peer-1`
 * and so on the others that the cluster lists as endpoints, `service` the cluster's own address for them. Whatever does not
 * answer now with the kubeconfig's authority and server name is left out and told. Connections made for that are counted nowhere.
 */
export async function discoverPaths(
  options: DiscoverOptions,
): Promise<{ readonly paths: readonly FoundPath[]; readonly unused: readonly UnusedPath[] }> {
  const { access, without } = options;
  const own = options.ownAddresses ?? interfaceAddresses();
  const api = new KubeApi(access);
  const endpoints = await listEndpoints(api);
  const candidates: FoundPath[] = [];
  const add = (name: string, connectTo: ApiEndpoint | null): void => {
    if (!without.has(name) && !(name.startsWith("peer-") && without.has("peer"))) candidates.push({ name, connectTo });
  };
  const local = endpoints.find(({ host }) => own.has(host));
  if (local !== undefined) add("local", local);
  else for (const host of own) if (isRoutable(host)) add("local", { host, port: KUBE_APISERVER_PORT });
  const service = await serviceEndpoint(api, options.env);
  if (service !== null) add("service", service);
  let peer = 0;
  for (const endpoint of endpoints) {
    if (endpoint === local) continue;
    peer += 1;
    add(`peer-${peer}`, endpoint);
  }
  const paths: FoundPath[] = without.has("vip") ? [] : [{ name: "vip", connectTo: null }];
  const unused: UnusedPath[] = [];
  const answers = await Promise.all(candidates.map((candidate) => why(api, candidate, access, local === undefined)));
  for (const [index, candidate] of candidates.entries()) {
    const reason = answers[index];
    if (paths.some(({ name }) => name === candidate.name)) continue;
    if (reason === null) paths.push(candidate);
    else if (reason !== undefined && reason !== "") unused.push({ name: candidate.name, why: reason });
  }
  return { paths, unused };
}

/** Why a way is not taken; `null` if it is, `""` if nobody need be told. */
async function why(
  api: KubeApi,
  { name, connectTo }: FoundPath,
  access: KubeAccess,
  guessed: boolean,
): Promise<string | null> {
  if (connectTo === null) return null;
  if (connectTo.host === access.host && connectTo.port === access.port) return "it is the kubeconfig's own address";
  const answer = await api.at(connectTo).ask({ path: "/version", timeoutMs: TIMEOUT_MS });
  if (answer.ok) return null;
  // One of many addresses of this host that were only tried.
  return name === "local" && guessed ? "" : `${endpointText(connectTo)} does not answer (${answer.code})`;
}

/** `10.0.0.2:6443`, `[fd00::2]:6443`. */
export function endpointText({ host, port }: ApiEndpoint): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The addresses of the API servers themselves; none where they may not be read. */
async function listEndpoints(api: KubeApi): Promise<readonly ApiEndpoint[]> {
  const answer = await api.ask({
    path: "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dkubernetes",
    timeoutMs: TIMEOUT_MS,
  });
  const found = answer.ok && answer.status === 200 ? items(answer.body).flatMap(sliceEndpoints) : [];
  if (found.length > 0) return inOrder(found);
  const old = await api.ask({ path: "/api/v1/namespaces/default/endpoints/kubernetes", timeoutMs: TIMEOUT_MS });
  return old.ok && old.status === 200 ? inOrder(legacyEndpoints(old.body)) : [];
}

function sliceEndpoints(slice: unknown): ApiEndpoint[] {
  const port = field(slice, "ports", 0, "port");
  return list(field(slice, "endpoints")).flatMap((endpoint) => endpointsOf(list(field(endpoint, "addresses")), port));
}

function legacyEndpoints(body: unknown): ApiEndpoint[] {
  return list(field(body, "subsets")).flatMap((subset) =>
    endpointsOf(
      list(field(subset, "addresses")).map((address) => field(address, "ip")),
      field(subset, "ports", 0, "port"),
    ),
  );
}

function endpointsOf(addresses: readonly unknown[], port: unknown): ApiEndpoint[] {
  if (typeof port !== "number") return [];
  return addresses.flatMap((address) => {
    const host = text(address);
    return host === null ? [] : [{ host, port }];
  });
}

/** The same on every node, so that `peer-1` is the same for all that have the same neighbours. */
function inOrder(endpoints: readonly ApiEndpoint[]): readonly ApiEndpoint[] {
  const unique = new Map(endpoints.map((endpoint) => [endpointText(endpoint), endpoint]));
  return [...unique].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint);
}

async function serviceEndpoint(api: KubeApi, env: DiscoverOptions["env"]): Promise<ApiEndpoint | null> {
  const host = env.KUBERNETES_SERVICE_HOST ?? "";
  if (host !== "") return { host, port: Number(env.KUBERNETES_SERVICE_PORT ?? "443") };
  const answer = await api.ask({ path: "/api/v1/namespaces/default/services/kubernetes", timeoutMs: TIMEOUT_MS });
  const address = answer.ok ? text(field(answer.body, "spec", "clusterIP")) : null;
  const port = answer.ok ? field(answer.body, "spec", "ports", 0, "port") : null;
  return address === null || typeof port !== "number" ? null : { host: address, port };
}

function interfaceAddresses(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return new Set(all.map(({ address }) => address));
}

/** Neither loopback nor link-local: those are no node's address. */
function isRoutable(address: string): boolean {
  return !/^(127\.|169\.254\.|::1$|fe80:)/i.test(address);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
