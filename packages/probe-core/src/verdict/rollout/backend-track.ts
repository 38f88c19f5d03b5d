import type { BackendName, Nanos } from "../../events/index.js";
import type { Claim } from "./claim.js";
import { Cycle } from "./cycle.js";
import { WELL } from "./marker-rules.js";
import type { Phase } from "./rollout-types.js";

/** One source's own words for T0 further apart than this are two terminations. */
const SAME_T0_NS: Nanos = 5_000_000_000;

/** Passes of one backend that are kept. */
const CYCLES_KEPT = 1_000;

/** One backend, and its passes through the phases, from its markers in the order in which they were seen. */
export class BackendTrack {
  readonly name: BackendName;
  readonly cycles: Cycle[] = [];
  /** All that was claimed, for a track that turns out to be the same as another. */
  readonly #claims: Claim[] = [];
  readonly #claimLimit: number;
  constructor(name: BackendName, claimLimit: number) {
    this.name = name;
    this.#claimLimit = claimLimit;
  }

  /** `false` over the bound. */
  add(claim: Claim): boolean {
    if (this.#claims.length >= this.#claimLimit) return false;
    this.#claims.push(claim);
    this.#place(claim);
    return true;
  }

  /** Takes over what was claimed of a name that means the same backend. */
  absorb(other: BackendTrack): void {
    const all = [...this.#claims, ...other.#claims].sort((a, b) => a.seq - b.seq);
    this.cycles.length = 0;
    this.#claims.length = 0;
    for (const claim of all.slice(0, this.#claimLimit)) {
      this.#claims.push(claim);
      this.#place(claim);
    }
  }

  /** Passes that were rollouts. */
  get rollouts(): readonly Cycle[] {
    return this.cycles.filter((cycle) => cycle.confirmed);
  }

  /** The pass that a moment belongs to: the last one that had begun. */
  cycleAt(t: Nanos): Cycle | null {
    return this.rollouts.findLast((cycle) => (cycle.began?.t ?? Number.POSITIVE_INFINITY) <= t) ?? null;
  }

  phaseAt(t: Nanos): Phase {
    return this.cycleAt(t)?.phaseAt(t) ?? "serving";
  }

  /**
   * The phase of what lies between `from` and `to`. Inside the error of a moment no order is claimed: what may have been while the server was
   * not there to serve is put there, into the phase that is nearest.
   */
  phaseWithin(from: Nanos, to: Nanos): { readonly phase: Phase; readonly cycle: Cycle | null } {
    const cycle = this.cycleAt(to);
    const phase = cycle?.phaseAt(to) ?? "serving";
    if (phase !== "serving" && phase !== "ready") return { phase, cycle };
    const ready = cycle?.timeline.ready ?? null;
    if (cycle !== null && ready !== null && from <= ready.t + ready.errorNs) {
      return { phase: cycle.phases.at(-2)?.phase ?? phase, cycle };
    }
    const next = this.rollouts.find(({ began }) => began !== null && began.t > to && began.t - began.errorNs <= to);
    return next === undefined ? { phase, cycle } : { phase: next.phases[1]?.phase ?? phase, cycle: next };
  }

  #place(claim: Claim): void {
    const current = this.cycles.at(-1);
    if (current === undefined || this.#isOver(current, claim)) {
      if (claim.initial || WELL.has(claim.marker) || this.cycles.length >= CYCLES_KEPT) return;
      const next = new Cycle();
      next.add(claim);
      this.cycles.push(next);
      return;
    }
    if (claim.marker === "readyz.green" && !current.confirmed) {
      // Red or silent for a while, and well again: no process ended.
      this.cycles.pop();
      return;
    }
    current.add(claim);
  }

  /** Does the claim begin another pass? */
  #isOver(cycle: Cycle, claim: Claim): boolean {
    const { t0, gone, ready } = cycle.timeline;
    // A late word on what was before, and a second source's word that it is well, still belong to it.
    if (ready !== null) return claim.from > ready.t + ready.errorNs && !WELL.has(claim.marker);
    if (claim.marker !== "termination.started") return false;
    if (gone !== null && claim.from > gone.t + gone.errorNs) return true;
    const before = cycle.has("termination.started", claim.source);
    return t0 !== null && before !== null && claim.from - before.to > SAME_T0_NS;
  }
}
