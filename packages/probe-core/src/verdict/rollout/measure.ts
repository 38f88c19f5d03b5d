import type { BackendName, Nanos } from "../../events/index.js";
import type { BackendNames } from "./backend-names.js";
import { backendOf } from "./connection-book.js";
import type { Cycle } from "./cycle.js";
import { type FateCounts, inFlightOf, noFates } from "./request-fate.js";
import type { BackendRollout, TellingConnection } from "./rollout-types.js";
import { BROKEN, type OpeningSample, PEER_ENDED, type Samples } from "./samples.js";

/** One rollout, measured, and what sums are made of. */
export interface MeasuredRollout {
  readonly rollout: BackendRollout;
  readonly fates: FateCounts;
}

/** One pass of one backend, and what is known beside it. */
export interface MeasureInput {
  readonly backend: BackendName;
  readonly cycle: Cycle;
  readonly names: BackendNames;
  readonly samples: Samples;
  /** Was no other backend under way then? */
  readonly alone: (t: Nanos) => boolean;
  /** Where the log ends. */
  readonly until: Nanos;
}

/** Reckons the numbers of one pass of one backend. */
export function measure({ backend, cycle, names, samples, alone, until }: MeasureInput): MeasuredRollout {
  const { timeline } = cycle;
  const { t0, late, stop, gone, started, ready, delayNs } = timeline;
  const its = (opening: OpeningSample): boolean => backendOf(opening.connection, names) === backend;
  const known = [...samples.openings].filter(({ connection }) => backendOf(connection, names) !== null);
  const end = (gone ?? started ?? ready)?.t ?? until;

  const afterT0 = t0 === null ? [] : known.filter(({ t }) => t > t0.t && t < end);
  const accepted = afterT0.filter(its);
  const last = accepted.at(-1) ?? null;

  const begins = (started ?? gone)?.t ?? null;
  const surelyReady = ready === null ? until : ready.t + ready.errorNs;
  const surelyNotReady = ready === null ? until : ready.t - ready.errorNs;
  const away = stop ?? gone;
  const refused = [...samples.refusals].filter(
    ({ t }) => away !== null && t >= away.t - away.errorNs && t < surelyReady && alone(t),
  );
  const lastSent = Math.max(last?.t ?? Number.NEGATIVE_INFINITY, refused.at(-1)?.t ?? Number.NEGATIVE_INFINITY);
  const watched = afterT0.length + refused.length > 0;
  const removalLagNs = t0 === null || !watched ? null : lastSent < t0.t ? 0 : lastSent - t0.t;
  const starting = begins === null ? [] : known.filter(({ t }) => t >= begins && t < surelyReady);
  const beforeReady = starting.filter((opening) => opening.t < surelyNotReady && its(opening)).length;
  const first = ready === null ? null : (known.find((opening) => opening.t >= surelyNotReady && its(opening)) ?? null);

  const fates = fatesOf(backend, cycle, names, samples, end);
  const ends = endsOf(backend, cycle, names, samples, end);
  const from = (t0 ?? cycle.began)?.t ?? until;
  const over = ready?.t ?? until;
  const rollout: BackendRollout = {
    backend,
    t0,
    phases: cycle.phases,
    delayNs,
    complete: t0 !== null && ready !== null,
    newConnectionsTried: count(samples.attempts, ({ t }) => t >= from && t <= over),
    acceptedAfterT0: accepted.length,
    watchedAfterT0: afterT0.length,
    lastAccepted: telling(last),
    removalLagNs,
    refusedWhileAway: refused.length,
    stoppedWhileChosen: refused.length > 0 || chosenToTheEnd(last, accepted.length, t0?.t ?? null, stop?.t ?? end),
    marginNs: delayNs === null || removalLagNs === null ? null : delayNs - removalLagNs,
    firstAfterReady: telling(first),
    reAddLagNs: ready === null || first === null ? null : Math.max(0, first.t - ready.t),
    beforeReady: begins === null || starting.length === 0 ? null : beforeReady,
    inFlight: inFlightOf(fates),
    connectionsEnded: ends.ended,
    connectionsBroken: ends.broken,
    saidLate: cycle.saidLate,
    ownLateConnections: late === null ? null : accepted.filter(({ t }) => t >= late.t).length,
    conflicts: cycle.conflicts,
  };
  return { rollout, fates };
}

function telling(opening: OpeningSample | null): TellingConnection | null {
  if (opening === null) return null;
  return { conn: opening.connection.id, path: opening.connection.path, t: opening.t };
}

/** With connections as far apart as they came, would the next one have come after the server had stopped? Then they never ceased. */
function chosenToTheEnd(last: OpeningSample | null, accepted: number, t0: Nanos | null, stop: Nanos): boolean {
  if (last === null || t0 === null) return false;
  return stop - last.t <= 3 * ((last.t - t0) / accepted);
}

/** Requests open when the server stopped taking new ones, and those it lost from T0 on. */
function fatesOf(
  backend: BackendName,
  { timeline }: Cycle,
  names: BackendNames,
  samples: Samples,
  end: Nanos,
): FateCounts {
  const fates = noFates();
  const stop = timeline.stop ?? timeline.gone;
  const from = timeline.t0 ?? stop;
  if (from === null) return fates;
  for (const { t, sentAt, connection, fate } of samples.requests) {
    if (t < from.t - from.errorNs || isLater(connection.openedAt, end)) continue;
    const open = stop !== null && sentAt <= stop.t + stop.errorNs && t >= stop.t - stop.errorNs;
    if ((fate === "completed" || fate === "abandoned") && !open) continue;
    if (backendOf(connection, names) === backend) fates[fate] += 1;
  }
  return fates;
}

function endsOf(
  backend: BackendName,
  { timeline, began }: Cycle,
  names: BackendNames,
  samples: Samples,
  end: Nanos,
): { ended: number; broken: number } {
  let ended = 0;
  let broken = 0;
  const from = timeline.t0 ?? began;
  if (from === null) return { ended, broken };
  for (const { t, connection, close } of samples.ends) {
    if (t < from.t - from.errorNs || isLater(connection.openedAt, end) || !PEER_ENDED.has(close)) continue;
    if (backendOf(connection, names) !== backend) continue;
    ended += 1;
    if (BROKEN.has(close)) broken += 1;
  }
  return { ended, broken };
}

/** Opened to the next process, not to the one that went. */
function isLater(openedAt: Nanos | null, end: Nanos): boolean {
  return openedAt !== null && openedAt >= end;
}

function count<T>(all: Iterable<T>, fits: (one: T) => boolean): number {
  let sum = 0;
  for (const each of all) if (fits(each)) sum += 1;
  return sum;
}
