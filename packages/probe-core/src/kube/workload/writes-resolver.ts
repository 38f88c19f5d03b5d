import { pause } from "../../clock/pause.js";
import { LIMITS } from "../../limits.js";
import { field } from "../api/json.js";
import type { KubeApi } from "../api/kube-api.js";
import { NAME_PARAMETER } from "./kube-objects.js";

/** A write whose fate nobody knows: its connection was lost before the answer. */
export interface AmbiguousWrite {
  readonly request: number;
  readonly method: string;
  /** As the request had it. */
  readonly url: string;
}

/** What became of a write whose answer was lost. */
export type Applied = "yes" | "no" | "unknown";

export interface WritesResolverOptions {
  readonly api: KubeApi;
  /** Told once for each write. */
  readonly onResolved: (write: AmbiguousWrite, applied: Applied) => void;
}

/**
 * When an object is looked for, in ms after its write was lost. A server that read the request may still be at work on it, so that
 * it is not there yet proves nothing at first; that it is there proves everything.
 */
const LOOKS_MS = [100, 1_000, 3_000] as const;

/** How often a server that gives no answer is asked again at the last look. */
const RETRIES = 120;
const RETRY_MS = 500;

/** Reads back the object of each lost write, on connections of its own: was it carried out? */
export class WritesResolver {
  readonly #options: WritesResolverOptions;
  readonly #pending = new Set<Promise<void>>();
  #stopping = false;

  constructor(options: WritesResolverOptions) {
    this.#options = options;
  }

  /** Writes whose fate is still being looked into. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Looks into one write. Over a bound it is `unknown` at once. */
  resolve(write: AmbiguousWrite): void {
    const path = objectPath(write, this.#options.api.prefix);
    if (path === null || this.#pending.size >= LIMITS.ambiguousWrites) {
      this.#options.onResolved(write, "unknown");
      return;
    }
    const work = this.#look(write, path).then((applied) => {
      this.#pending.delete(work);
      this.#options.onResolved(write, applied);
    });
    this.#pending.add(work);
  }

  /** Resolves when nothing is left to look into. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /** From now on a server that gives no answer is not asked again. */
  stop(): void {
    this.#stopping = true;
  }

  async #look(write: AmbiguousWrite, path: string): Promise<Applied> {
    let waited = 0;
    let state: "there" | "absent" | "unknown" = "unknown";
    for (const at of LOOKS_MS) {
      await pause(at - waited);
      waited = at;
      state = await this.#state(path);
      if (write.method === "POST" && state === "there") return "yes";
      if (write.method === "DELETE" && state === "absent") return "yes";
    }
    for (let retry = 0; state === "unknown" && retry < RETRIES && !this.#stopping; retry += 1) {
      await pause(RETRY_MS);
      state = await this.#state(path);
    }
    if (state === "unknown") return "unknown";
    return (state === "there") === (write.method === "POST") ? "yes" : "no";
  }

  async #state(path: string): Promise<"there" | "absent" | "unknown"> {
    const answer = await this.#options.api.ask({ path, timeoutMs: 3_000 });
    if (!answer.ok) return "unknown";
    // Marked for deletion is deleted: nothing of ours has a finalizer that could hold it back for long.
    if (answer.status === 200) {
      return field(answer.body, "metadata", "deletionTimestamp") === undefined ? "there" : "absent";
    }
    return answer.status === 404 ? "absent" : "unknown";
  }
}

/** Where the object of a write can be read; `null` for a write that is not of our making. */
function objectPath({ method, url }: AmbiguousWrite, prefix: string): string | null {
  if (!URL.canParse(url)) return null;
  const { pathname, searchParams } = new URL(url);
  if (!pathname.startsWith(`${prefix}/api/`)) return null;
  const path = pathname.slice(prefix.length);
  const name = searchParams.get(NAME_PARAMETER);
  if (method === "POST") return name === null ? null : `${path}/${name}`;
  return method === "DELETE" ? path : null;
}
