import type { Nanos, RequestVerdict, Verdict } from "@drainprobe/core";

/** Request-level failures that look alike. */
export interface RequestFailureGroup {
  readonly type: string;
  readonly processed: string;
  readonly status: number | null;
  readonly method: string;
  readonly url: string;
  readonly path: string;
  readonly lane: string;
  readonly first: { readonly t: Nanos; readonly u: Nanos; readonly evidence: readonly number[] };
  readonly last: Nanos;
  readonly count: number;
}

/** Kinds kept apart; what comes after is counted in `uncounted`. */
const MAX_GROUPS = 200;

/**
 * Gathers what failed while its connection was well, as the verdicts come by: the summary has only their numbers.
 * What died with a connection belongs to that connection's incident and is left out, and so is what we gave up ourselves.
 */
export class RequestFailures {
  readonly #groups = new Map<string, RequestFailureGroup>();
  #ungrouped = 0;

  push(verdict: Verdict): void {
    if (verdict.scope !== "request" || !("request" in verdict) || verdict.type === "abandoned") return;
    const key = [
      verdict.type,
      verdict.processed,
      verdict.status,
      verdict.method,
      verdict.url,
      verdict.path,
      verdict.lane,
    ].join("\n");
    const known = this.#groups.get(key);
    if (known !== undefined)
      this.#groups.set(key, { ...known, count: known.count + 1, last: Math.max(known.last, verdict.t) });
    else if (this.#groups.size < MAX_GROUPS) this.#groups.set(key, firstOf(verdict));
    else this.#ungrouped++;
  }

  /** In the order in which the first of each kind happened. */
  groups(): readonly RequestFailureGroup[] {
    return [...this.#groups.values()].sort((a, b) => a.first.t - b.first.t);
  }

  /** Failures of kinds beyond the first {@link MAX_GROUPS}. */
  get ungrouped(): number {
    return this.#ungrouped;
  }
}

function firstOf(verdict: RequestVerdict): RequestFailureGroup {
  const { type, processed, status, method, url, path, lane, t, u, evidence } = verdict;
  return { type, processed, status, method, url, path, lane, first: { t, u, evidence }, last: t, count: 1 };
}
