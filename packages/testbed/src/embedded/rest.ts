import { type Answer, type ApiRequest, json, statusAnswer, text } from "./exchange.js";
import type { KubeObject, StoreChange } from "./object-store.js";
import type { StoreClient } from "./store-client.js";

/** A watch: what is there, and from then on each change until it is ended. */
export interface Watch {
  /** `null`: everything there is, in whatever collection. */
  readonly wants: (change: StoreChange) => boolean;
  readonly first: readonly KubeObject[];
}

export type Outcome =
  | { readonly is: "answer"; readonly answer: Answer }
  | { readonly is: "watch"; readonly watch: Watch };

/** Options of {@link Rest}. */
export interface RestOptions {
  readonly store: StoreClient;
  /** What it says its address is. */
  readonly address: string;
  readonly gitVersion: string;
  /** How long a list of everything takes. */
  readonly listEverythingMs: number;
}

/** Namespaces that are always there. */
const BUILT_IN = new Set(["default", "kube-system", "openshift-kube-apiserver"]);

/** The part of the Kubernetes API that the probe's workloads and markers use; the rest is there and empty. */
export class Rest {
  readonly #options: RestOptions;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  async ask(request: ApiRequest): Promise<Outcome> {
    const url = new URL(request.path, "https://lab");
    const answer = (value: Answer): Outcome => ({ is: "answer", answer: value });
    switch (url.pathname) {
      case "/version":
        return answer(json(200, { major: "1", minor: "36", gitVersion: this.#options.gitVersion, platform: "lab" }));
      case "/api":
        return answer(
          json(200, {
            kind: "APIVersions",
            versions: ["v1"],
            serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: this.#options.address }],
          }),
        );
      case "/apis":
        return answer(json(200, { kind: "APIGroupList", apiVersion: "v1", groups: [] }));
      case "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews":
        return answer(
          json(201, {
            kind: "SelfSubjectAccessReview",
            apiVersion: "authorization.k8s.io/v1",
            status: { allowed: true },
          }),
        );
      case "/metrics":
        return answer(text(200, ""));
    }
    return this.#object(request, url);
  }

  async #object(request: ApiRequest, url: URL): Promise<Outcome> {
    const place = placeOf(url.pathname);
    if (place === null)
      return {
        is: "answer",
        answer: statusAnswer(404, "NotFound", "the server could not find the requested resource"),
      };
    const selected = selector(url);
    if (url.searchParams.get("watch") === "true")
      return { is: "watch", watch: await this.#watch(place, selected, url) };
    return { is: "answer", answer: await this.#answer(request, place, selected) };
  }

  async #answer(request: ApiRequest, place: Place, selected: Selector): Promise<Answer> {
    const { store } = this.#options;
    switch (`${request.method} ${place.is}`) {
      case "GET object": {
        const found = await store.write({ op: "get", key: place.key });
        if (found.is === "done") return json(200, found.object);
        return isBuiltIn(place.key) ? json(200, builtIn(place.key)) : notFound(place.key);
      }
      case "DELETE object": {
        const gone = await store.write({ op: "delete", key: place.key });
        return gone.is === "done" ? json(200, gone.object) : notFound(place.key);
      }
      case "GET collection": {
        const { items, revision } = await this.#list(place);
        return json(200, listOf(items.filter(selected), revision));
      }
      case "DELETE collection": {
        const { items } = await this.#list(place);
        for (const { metadata } of items.filter(selected))
          await store.write({ op: "delete", key: `${place.key}/${metadata.name}` });
        return statusAnswer(200, "", "");
      }
      case "POST collection":
        return this.#create(request, place);
      default:
        return statusAnswer(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
    }
  }

  async #create(request: ApiRequest, place: Place): Promise<Answer> {
    const { store } = this.#options;
    const body = parsed(request.body);
    const name = nameIn(body);
    if (body === null || name === null) return statusAnswer(400, "BadRequest", "the object has no name");
    if (place.namespace !== null && !BUILT_IN.has(place.namespace)) {
      const namespace = `/api/v1/namespaces/${place.namespace}`;
      if ((await store.write({ op: "get", key: namespace })).is !== "done") return notFound(namespace);
    }
    const key = `${place.key}/${name}`;
    const made = await store.write({ op: "create", key, body });
    return made.is === "done" ? json(201, made.object) : statusAnswer(409, "AlreadyExists", `${key} already exists`);
  }

  async #watch(place: Place, selected: Selector, url: URL): Promise<Watch> {
    const { items } = url.searchParams.get("resourceVersion") === "0" ? await this.#list(place) : { items: [] };
    const resource = place.key.split("/").at(-1);
    return {
      first: items.filter(selected),
      wants: ({ key, object }) =>
        selected(object) &&
        (place.everywhere
          ? key.split("/").at(-2) === resource
          : key.startsWith(`${place.key}/`) && !key.slice(place.key.length + 1).includes("/")),
    };
  }

  async #list({ key, everywhere }: Place): Promise<{ items: readonly KubeObject[]; revision: number }> {
    const { store, listEverythingMs } = this.#options;
    if (!everywhere) return store.list(key, false);
    // In a cluster of some size this reads, encodes and sends megabytes.
    await new Promise((resolve) => setTimeout(resolve, listEverythingMs));
    return store.list(key.split("/").at(-1) ?? "", true);
  }
}

interface Place {
  readonly is: "object" | "collection";
  readonly key: string;
  readonly namespace: string | null;
  readonly everywhere: boolean;
}

/** `/api/v1/…` and `/apis/GROUP/VERSION/…`: namespaces, a resource, an object in it. */
function placeOf(pathname: string): Place | null {
  const match = /^(\/api\/v1|\/apis\/[^/]+\/[^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?$/.exec(pathname);
  if (match === null) return null;
  const [, base = "", namespace, resource = "", name] = match;
  const collection = `${base}${namespace === undefined ? "" : `/namespaces/${namespace}`}/${resource}`;
  if (resource === "namespaces") {
    return { is: name === undefined ? "collection" : "object", key: pathname, namespace: null, everywhere: false };
  }
  if (name !== undefined)
    return { is: "object", key: `${collection}/${name}`, namespace: namespace ?? null, everywhere: false };
  return { is: "collection", key: collection, namespace: namespace ?? null, everywhere: namespace === undefined };
}

type Selector = (object: KubeObject) => boolean;

/** `labelSelector=a=b,c=d`. */
function selector(url: URL): Selector {
  const wanted = (url.searchParams.get("labelSelector") ?? "")
    .split(",")
    .filter((part) => part.includes("="))
    .map((part) => part.split("="));
  return ({ metadata }) => wanted.every(([key = "", value]) => metadata.labels?.[key] === value);
}

function listOf(items: readonly KubeObject[], revision: number): object {
  return { kind: "List", apiVersion: "v1", metadata: { resourceVersion: String(revision) }, items };
}

const isBuiltIn = (key: string): boolean => key.startsWith("/api/v1/namespaces/") && BUILT_IN.has(key.slice(19));
const builtIn = (key: string): object => ({ kind: "Namespace", apiVersion: "v1", metadata: { name: key.slice(19) } });
const notFound = (key: string): Answer => statusAnswer(404, "NotFound", `${key} not found`);

function parsed(body: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}

function nameIn(body: Readonly<Record<string, unknown>> | null): string | null {
  const metadata = body?.metadata;
  if (typeof metadata !== "object" || metadata === null || !("name" in metadata)) return null;
  return typeof metadata.name === "string" ? metadata.name : null;
}
