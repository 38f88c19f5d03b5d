import type { Marker, MarkerSource, Nanos } from "../../events/index.js";
import { type Claim, momentOf } from "./claim.js";
import { BOUNDARIES, CONFIRMING, DELAY_FINISHED, type Preference, STARTED_AFTER_END } from "./marker-rules.js";
import type { Moment, Phase, PhaseSpan } from "./rollout-types.js";

/** When a pass of a backend through its phases took each step. `null`: not seen. Never in the wrong order. */
export interface Timeline {
  readonly t0: Moment | null;
  readonly late: Moment | null;
  readonly stop: Moment | null;
  readonly gone: Moment | null;
  readonly started: Moment | null;
  readonly ready: Moment | null;
  readonly delayNs: Nanos | null;
}

/** Claims that one pass keeps. Later ones of the same marker and source decide nothing and are left out. */
const CLAIMS_KEPT = 256;

/** One pass of one backend through the phases, from what markers claim. It may turn out to be none: see {@link confirmed}. */
export class Cycle {
  readonly #claims: Claim[] = [];
  #timeline: Timeline | null = null;

  add(claim: Claim): void {
    if (this.#claims.length >= CLAIMS_KEPT) return;
    this.#claims.push(claim);
    this.#timeline = null;
  }

  /** A red or silent /readyz that turns green again is no rollout; something must tell that a process ended or began. */
  get confirmed(): boolean {
    const seen = this.#claims.filter((claim) => !claim.initial);
    if (seen.some(({ marker }) => CONFIRMING.has(marker))) return true;
    return (
      seen.some(({ marker }) => marker === "readyz.unreachable") && seen.some(({ marker }) => marker === "readyz.red")
    );
  }

  get saidLate(): boolean {
    return this.#claims.some(({ marker }) => marker === "late.connections");
  }

  has(marker: Marker, source: MarkerSource | null = null): Claim | null {
    const found = this.#claims.find((claim) => claim.marker === marker && (source === null || claim.source === source));
    return found ?? null;
  }

  get timeline(): Timeline {
    this.#timeline ??= this.#compute();
    return this.#timeline;
  }

  /** When it began, by the first step seen. `null` while only states are known. */
  get began(): Moment | null {
    const { t0, stop, gone, started, ready } = this.timeline;
    return t0 ?? stop ?? gone ?? started ?? ready;
  }

  /** Times of one marker that lie apart by more than their sources admit. */
  get conflicts(): number {
    let conflicts = 0;
    for (const [index, claim] of this.#claims.entries()) {
      const earlier = this.#claims.slice(0, index).find((other) => other.marker === claim.marker);
      if (earlier === undefined || earlier.source === claim.source || earlier.initial || claim.initial) continue;
      if (claim.from > earlier.to || claim.to < earlier.from) conflicts += 1;
    }
    return conflicts;
  }

  /** The phases, each from its first moment to the next one's. */
  get phases(): readonly PhaseSpan[] {
    const { t0, late, stop, gone, started, ready } = this.timeline;
    const steps: readonly (readonly [Phase, Moment | null])[] = [
      ["terminating-not-ready", t0],
      ["late", late],
      ["refusing-or-429", stop],
      ["down", gone],
      ["starting-not-ready", started],
      ["ready", ready],
    ];
    const seen = steps.flatMap(([phase, from]) => (from === null ? [] : [{ phase, from }]));
    const spans: PhaseSpan[] = seen.map(({ phase, from }, index) => ({
      phase,
      from,
      to: seen[index + 1]?.from.t ?? null,
    }));
    return [{ phase: "serving", from: null, to: seen[0]?.from.t ?? null }, ...spans];
  }

  phaseAt(t: Nanos): Phase {
    let phase: Phase = "serving";
    for (const span of this.phases) if (span.from !== null && span.from.t <= t) phase = span.phase;
    return phase;
  }

  #compute(): Timeline {
    const ended = this.#pick(BOUNDARIES.gone, Number.NEGATIVE_INFINITY);
    const t0 = this.#pick(BOUNDARIES.t0, Number.NEGATIVE_INFINITY, ended?.to ?? Number.POSITIVE_INFINITY);
    const after = (claim: Claim | null, floor: Nanos): Nanos => (claim === null ? floor : Math.max(floor, claim.from));
    const floor0 = after(t0, Number.NEGATIVE_INFINITY);
    const stop = this.#pick(BOUNDARIES.stop, floor0);
    const gone = this.#pick(BOUNDARIES.gone, floor0);
    const floor1 = after(gone, after(stop, floor0));
    const started = this.#pick(gone === null ? BOUNDARIES.started : STARTED_AFTER_END, floor1);
    const ready = this.#pick(BOUNDARIES.ready, after(started, floor1));
    const finished = t0 === null ? null : this.#pick(DELAY_FINISHED, floor0);
    const delayNs = t0 === null || finished === null ? null : Math.max(0, momentOf(finished).t - momentOf(t0).t);
    return inOrder({ t0, stop, gone, started, ready }, delayNs, this.#pick(BOUNDARIES.late, floor0));
  }

  /** The claim of the source we trust most, the earliest of it that can be in `[floor, ceiling]`. */
  #pick(preferences: readonly Preference[], floor: Nanos, ceiling = Number.POSITIVE_INFINITY): Claim | null {
    for (const [marker, source] of preferences) {
      let best: Claim | null = null;
      for (const claim of this.#claims) {
        if (claim.marker !== marker || claim.source !== source || claim.initial) continue;
        if (claim.to < floor || claim.from > ceiling) continue;
        if (best === null || claim.to < best.to) best = claim;
      }
      if (best !== null) return best;
    }
    return null;
  }
}

type Step = "t0" | "stop" | "gone" | "started" | "ready";

/** Sources differ by their errors; a step is never earlier than the one before it. */
function inOrder(
  claims: Readonly<Record<Step, Claim | null>>,
  delayNs: Nanos | null,
  saidLate: Claim | null,
): Timeline {
  let floor = Number.NEGATIVE_INFINITY;
  const step = (claim: Claim | null): Moment | null => {
    if (claim === null) return null;
    const moment = momentOf(claim);
    floor = Math.max(floor, moment.t);
    return { ...moment, t: floor };
  };
  const t0 = step(claims.t0);
  const late = lateFrom(t0, delayNs, saidLate, claims.stop === null ? null : momentOf(claims.stop).t);
  if (late !== null) floor = Math.max(floor, late.t);
  const stop = step(claims.stop);
  const gone = step(claims.gone);
  const started = step(claims.started);
  return { t0, late, stop, gone, started, ready: step(claims.ready), delayNs };
}

/** At 0.8 D where D is known; else when the server first complained of a late connection, which is not earlier. */
function lateFrom(t0: Moment | null, delayNs: Nanos | null, said: Claim | null, stop: Nanos | null): Moment | null {
  if (t0 === null) return null;
  if (delayNs !== null) return delayNs === 0 ? null : { ...t0, t: t0.t + Math.round(0.8 * delayNs) };
  if (said === null) return null;
  const moment = momentOf(said);
  return { ...moment, t: Math.min(Math.max(moment.t, t0.t), Math.max(stop ?? moment.t, t0.t)) };
}
