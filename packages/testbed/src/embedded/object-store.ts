/** A Kubernetes object, as JSON has it. */
export interface KubeObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** One change, as a watch tells it. */
export interface StoreChange {
  readonly type: "ADDED" | "DELETED";
  readonly key: string;
  readonly object: KubeObject;
}

/** What became of a write. */
export type StoreResult =
  | { readonly is: "done"; readonly object: KubeObject }
  | { readonly is: "exists" }
  | { readonly is: "absent" };

/**
 * The objects of the lab's cluster, by key: `/api/v1/namespaces/ns/secrets/name`. Nothing here knows what an object means, but that a
 * namespace's objects go with it, as its controller would see to.
 */
export class ObjectStore {
  readonly #objects = new Map<string, KubeObject>();
  readonly #watchers = new Set<(change: StoreChange) => void>();
  #revision = 1;

  get revision(): number {
    return this.#revision;
  }

  create(key: string, body: Readonly<Record<string, unknown>>): StoreResult {
    if (this.#objects.has(key)) return { is: "exists" };
    this.#revision += 1;
    const given = typeof body.metadata === "object" && body.metadata !== null ? body.metadata : {};
    const metadata = { ...given, ...namesOf(key), ...this.#stamp() };
    const object: KubeObject = { ...body, metadata };
    this.#objects.set(key, object);
    this.#tell({ type: "ADDED", key, object });
    return { is: "done", object };
  }

  get(key: string): StoreResult {
    const object = this.#objects.get(key);
    return object === undefined ? { is: "absent" } : { is: "done", object };
  }

  delete(key: string): StoreResult {
    const object = this.#objects.get(key);
    if (object === undefined) return { is: "absent" };
    for (const each of [key, ...this.#below(`${key}/`)]) this.#remove(each);
    return { is: "done", object };
  }

  /** Objects of a collection, in the order of their keys. */
  list(collection: string): readonly KubeObject[] {
    return this.#below(`${collection}/`)
      .filter((key) => !key.slice(collection.length + 1).includes("/"))
      .sort()
      .flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** Objects of a resource in all namespaces. */
  listAll(resource: string): readonly KubeObject[] {
    return [...this.#objects].filter(([key]) => key.split("/").at(-2) === resource).map(([, object]) => object);
  }

  /** Tells every change from now on; gives a function that ends it. */
  watch(listener: (change: StoreChange) => void): () => void {
    this.#watchers.add(listener);
    return () => void this.#watchers.delete(listener);
  }

  #stamp(): { resourceVersion: string; uid: string } {
    return {
      resourceVersion: String(this.#revision),
      uid: `00000000-0000-4000-8000-${String(this.#revision).padStart(12, "0")}`,
    };
  }

  #below(prefix: string): string[] {
    return [...this.#objects.keys()].filter((key) => key.startsWith(prefix));
  }

  #remove(key: string): void {
    const object = this.#objects.get(key);
    if (object === undefined) return;
    this.#objects.delete(key);
    this.#revision += 1;
    this.#tell({ type: "DELETED", key, object });
  }

  #tell(change: StoreChange): void {
    for (const watcher of this.#watchers) watcher(change);
  }
}

function namesOf(key: string): { name: string; namespace?: string } {
  const parts = key.split("/");
  const name = parts.at(-1) ?? "";
  // /api/v1/namespaces/NS/RESOURCE/NAME
  return parts.length === 7 ? { name, namespace: parts[4] ?? "" } : { name };
}
