import {
  CLIENT_GO_RETRIES,
  CLIENT_GO_RETRY_S,
  CLIENT_GO_RULES,
  type ClientGoRule,
  clientGoRule,
} from "../../classify/client-go.js";
import {
  CLIENT_GO_FATES,
  type ClientGoCaller,
  type ClientGoFate,
  type ClientGoSummary,
} from "../../classify/client-go-types.js";
import type { RequestVerdict } from "../../classify/verdict-types.js";
import type { Nanos, PathName } from "../../events/index.js";
import { NANOS_PER_SECOND } from "../../events/index.js";

/** Retries of one path that wait for it to work again. */
const WAITING_KEPT = 10_000;

class Caller {
  readonly fates: Record<ClientGoFate, number>;
  retriesExhausted = 0;
  longestWaitNs: Nanos | null = null;

  constructor() {
    this.fates = Object.fromEntries(CLIENT_GO_FATES.map((fate) => [fate, 0])) as Record<ClientGoFate, number>;
  }

  waited(ns: Nanos): void {
    this.longestWaitNs = Math.max(this.longestWaitNs ?? 0, ns);
  }

  toSummary(): ClientGoCaller {
    return {
      fates: { ...this.fates },
      retriesExhausted: this.retriesExhausted,
      longestWaitNs: this.longestWaitNs,
    };
  }
}

/** A request that client-go would ask again: whether in time depends on when its path works again. */
interface Waiting {
  readonly t: Nanos;
  readonly noticedNs: Nanos;
  readonly everyNs: Nanos;
  readonly callers: readonly Caller[];
}

/** Runs each failed request through client-go's rules. Constant memory but for a bounded list of what waits. */
export class ClientGoTally {
  readonly #get = new Caller();
  readonly #post = new Caller();
  readonly #byRule = new Map<string, number>();
  readonly #waiting = new Map<PathName, Waiting[]>();
  #requests = 0;

  /** `retryAfter`: as the response had it, verbatim. */
  failed(verdict: RequestVerdict, retryAfter: string | null): void {
    const rule = ruleFor(verdict, retryAfter);
    this.#requests += 1;
    this.#byRule.set(rule.name, (this.#byRule.get(rule.name) ?? 0) + 1);
    this.#get.fates[rule.get] += 1;
    this.#post.fates[rule.post] += 1;
    const noticedNs = rule.noticedAfterS * NANOS_PER_SECOND;
    const callers = this.#settle(rule, noticedNs);
    if (callers.length > 0)
      this.#wait(verdict, { t: verdict.t, noticedNs, everyNs: retryNs(rule, retryAfter), callers });
  }

  /** Something worked on the path. */
  worked(path: PathName, t: Nanos): void {
    const waiting = this.#waiting.get(path);
    if (waiting === undefined || waiting.length === 0) return;
    this.#waiting.set(path, []);
    for (const each of waiting) conclude(each, t);
  }

  finish(until: Nanos): ClientGoSummary {
    for (const waiting of this.#waiting.values()) {
      for (const each of waiting) conclude(each, Math.max(until, each.t + 1));
    }
    this.#waiting.clear();
    const counts = CLIENT_GO_RULES.flatMap(({ name }) => {
      const count = this.#byRule.get(name);
      return count === undefined ? [] : [[name, count] as const];
    });
    return {
      requests: this.#requests,
      kubeletGet: this.#get.toSummary(),
      controllerPost: this.#post.toSummary(),
      byRule: Object.fromEntries(counts),
    };
  }

  /** Concludes what needs no waiting; returns the callers whose request is asked again. */
  #settle(rule: ClientGoRule, noticedNs: Nanos): readonly Caller[] {
    const waiting: Caller[] = [];
    for (const [caller, fate] of [
      [this.#get, rule.get],
      [this.#post, rule.post],
    ] as const) {
      if (fate === "retried") waiting.push(caller);
      else if (fate === "error" || fate === "unseen") caller.waited(noticedNs);
    }
    return waiting;
  }

  #wait({ path }: RequestVerdict, waiting: Waiting): void {
    const list = this.#waiting.get(path) ?? [];
    this.#waiting.set(path, list);
    if (list.length < WAITING_KEPT) list.push(waiting);
  }
}

/** client-go reads Retry-After in seconds only; with a date the answer is an error like any other. */
function ruleFor(verdict: RequestVerdict, retryAfter: string | null): ClientGoRule {
  const unread = verdict.type === "http.retry_after" && retryAfter !== null && !/^\d{1,9}$/.test(retryAfter);
  return clientGoRule(unread ? { ...verdict, type: "http.error" } : verdict);
}

function retryNs(rule: ClientGoRule, retryAfter: string | null): Nanos {
  const seconds = rule.name === "retry-after" && retryAfter !== null ? Number(retryAfter) : CLIENT_GO_RETRY_S;
  return seconds * NANOS_PER_SECOND;
}

/** The path worked at `t`: the first retry after that is answered, if there is one left. */
function conclude({ t: failedAt, noticedNs, everyNs, callers }: Waiting, t: Nanos): void {
  const patienceNs = CLIENT_GO_RETRIES * everyNs;
  const outageNs = Math.max(0, t - failedAt - noticedNs);
  const exhausted = outageNs > patienceNs;
  const retries = everyNs === 0 ? 0 : Math.max(1, Math.ceil(outageNs / everyNs));
  const waitNs = noticedNs + (exhausted ? patienceNs : Math.min(retries * everyNs, patienceNs));
  for (const caller of callers) {
    if (exhausted) caller.retriesExhausted += 1;
    caller.waited(waitNs);
  }
}
