import type { BackendName, BackendNamed } from "../../events/index.js";

/**
 * Which names mean the same backend. An address that the caller or a pod gives belongs to one backend only, so two that claim it are one.
 * A certificate or an advertised address may be shared by all of them: claimed by two, it tells nothing.
 */
export class BackendNames {
  readonly #parent = new Map<BackendName, BackendName>();
  readonly #weak = new Map<BackendName, Set<BackendName>>();
  readonly #limit: number;
  /** Names over the bound. */
  dropped = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A name under which markers speak. */
  know(name: BackendName): void {
    if (this.#parent.has(name)) return;
    if (this.#parent.size >= this.#limit) this.dropped += 1;
    else this.#parent.set(name, name);
  }

  /** Joins two names. Returns the name that was given up for another, where both were known. */
  join(backend: BackendName, alias: BackendName, by: BackendNamed["by"]): BackendName | null {
    this.know(backend);
    if (by === "certificate" || by === "api") {
      const claimants = this.#weak.get(alias) ?? new Set();
      if (this.#weak.has(alias) || this.#weak.size < this.#limit) this.#weak.set(alias, claimants.add(backend));
      else this.dropped += 1;
      return null;
    }
    const known = this.#parent.has(alias);
    this.know(alias);
    const [kept, given] = [this.#root(backend), this.#root(alias)];
    if (kept === null || given === null || kept === given) return null;
    this.#parent.set(given, kept);
    return known ? given : null;
  }

  /** The backend that goes by this name; `null` where none does, or more than one. */
  resolve(name: BackendName): BackendName | null {
    const root = this.#root(name);
    if (root !== null) return root;
    const roots = new Set([...(this.#weak.get(name) ?? [])].map((each) => this.#root(each)));
    const [only] = roots;
    return roots.size === 1 ? (only ?? null) : null;
  }

  #root(name: BackendName): BackendName | null {
    let at = this.#parent.get(name);
    if (at === undefined) return null;
    for (let up = this.#parent.get(at); up !== undefined && up !== at; up = this.#parent.get(at)) at = up;
    return at;
  }
}
