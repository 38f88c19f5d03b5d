import type { VerdictType } from "../classify/verdict-types.js";
import type { Endpoint } from "../events/index.js";
import { EXPLAIN_BOUNDS } from "./bounds.js";
import type { FailureScope, Grouping, LineNumber, ToldGoaway, Verb } from "./explain-types.js";
import { type GoError, isUnsafe } from "./go-error.js";
import type { TextLimit } from "./go-rules.js";

/** Failures of connections without an address belong together if they are no further apart. */
export const BURST_GAP_MICROS = 1_000_000;
/** The same two ends after so long are another connection: the port was used again. */
const PORT_REUSE_MICROS = 600_000_000;

/** Failures that belong together, as they are gathered. */
export interface Group {
  readonly kind: FailureScope;
  readonly part: number;
  readonly grouping: Grouping;
  readonly local: Endpoint | null;
  readonly remote: Endpoint | null;
  readonly first: GoError;
  firstMicros: number;
  lastMicros: number;
  failures: number;
  unsafe: number;
  ours: boolean;
  readonly byType: Map<VerdictType, number>;
  readonly byVerb: Map<Verb, number>;
  readonly unsafeByVerb: Map<Verb, number>;
  readonly hosts: Set<string>;
  readonly goaways: Map<string, ToldGoaway>;
  readonly evidence: LineNumber[];
  readonly leavesOpen: Set<TextLimit>;
  /** Lines that name no verb: often a second telling of a failure by another layer of the program. */
  toldAgain: number;
}

/** Gathers failures: by their addresses where they have some, else by time. */
export class Groups {
  readonly #byKey = new Map<string, Group>();
  readonly #all: Group[] = [];
  dropped = 0;

  get all(): readonly Group[] {
    return this.#all;
  }

  push(error: GoError, micros: number, line: LineNumber, part: number): void {
    const group = this.#groupOf(error, micros, part);
    if (group === null) {
      this.dropped += 1;
      return;
    }
    group.firstMicros = Math.min(group.firstMicros, micros);
    group.lastMicros = Math.max(group.lastMicros, micros);
    group.failures += 1;
    increment(group.byType, error.type);
    if (group.byVerb.size < EXPLAIN_BOUNDS.namesOfOne || group.byVerb.has(error.verb))
      increment(group.byVerb, error.verb);
    if (isUnsafe(error)) {
      group.unsafe += 1;
      increment(group.unsafeByVerb, error.verb);
    }
    if (error.verb === "unknown") group.toldAgain += 1;
    if (error.host !== null && group.hosts.size < EXPLAIN_BOUNDS.namesOfOne) group.hosts.add(error.host);
    if (error.goaway !== null && group.goaways.size < EXPLAIN_BOUNDS.namesOfOne) {
      group.goaways.set(`${error.goaway.lastStreamId} ${error.goaway.errorCode} ${error.goaway.debug}`, error.goaway);
    }
    if (error.leavesOpen !== null) group.leavesOpen.add(error.leavesOpen);
    if (group.evidence.length < EXPLAIN_BOUNDS.evidence) group.evidence.push(line);
  }

  #groupOf(error: GoError, micros: number, part: number): Group | null {
    const key = keyOf(error, part);
    const known = this.#byKey.get(key);
    if (known !== undefined && isNear(known, micros)) return known;
    if (this.#all.length >= EXPLAIN_BOUNDS.groups) return null;
    const group = newGroup(error, micros, part);
    this.#byKey.set(key, group);
    this.#all.push(group);
    return group;
  }
}

/** Both ends name a connection. Without them, only what the texts have in common is left. */
function keyOf(error: GoError, part: number): string {
  if (error.scope === "connection") {
    if (error.local !== null && error.remote !== null) return `c ${error.local} ${error.remote} ${part}`;
    const { goaway } = error;
    return `b ${part} ${error.type} ${goaway?.lastStreamId ?? ""} ${goaway?.errorCode ?? ""}`;
  }
  if (error.scope === "attempt") return `a ${part} ${error.type} ${error.remote ?? error.host ?? ""}`;
  return `r ${part} ${error.type} ${error.processed} ${error.verb}`;
}

function isNear({ firstMicros, lastMicros, kind, grouping }: Group, micros: number): boolean {
  const together = grouping === "address" ? PORT_REUSE_MICROS : BURST_GAP_MICROS;
  const gap = kind === "connection" ? together : Number.POSITIVE_INFINITY;
  return micros >= firstMicros - gap && micros <= lastMicros + gap;
}

function newGroup(error: GoError, micros: number, part: number): Group {
  const addressed = error.local !== null && error.remote !== null;
  return {
    kind: error.scope,
    part,
    grouping: addressed ? "address" : "burst",
    local: error.local,
    remote: error.remote ?? (error.scope === "attempt" ? error.host : null),
    first: error,
    firstMicros: micros,
    lastMicros: micros,
    failures: 0,
    unsafe: 0,
    ours: error.ours,
    byType: new Map(),
    byVerb: new Map(),
    unsafeByVerb: new Map(),
    hosts: new Set(),
    goaways: new Map(),
    evidence: [],
    leavesOpen: new Set(),
    toldAgain: 0,
  };
}

export function increment<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
