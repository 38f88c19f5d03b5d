import type { Nanos } from "../../events/index.js";
import type { PathSummary } from "../summary-types.js";
import { isBalanced } from "./connection-book.js";
import type { MeasuredRollout } from "./measure.js";
import { seconds } from "./objectives.js";
import { inFlightOf, sumFates } from "./request-fate.js";
import type { BackendRollout, RolloutHeadline } from "./rollout-types.js";

/** Connections that come later than this share of D are dangerously late. */
const LATE_SHARE = 0.8;

/** The worst of each number over all rollouts. */
export function headline(measured: readonly MeasuredRollout[], paths: readonly PathSummary[]): RolloutHeadline {
  const rollouts = measured.map(({ rollout }) => rollout);
  const gap = longestGap(paths);
  const needed = neededDelay(rollouts);
  return {
    removalLagNs: largest(rollouts.map((rollout) => rollout.removalLagNs)),
    reAddLagNs: largest(rollouts.map((rollout) => rollout.reAddLagNs)),
    beforeReady: sum(rollouts.map((rollout) => rollout.beforeReady)),
    longestNewConnectionGapNs: gap?.ns ?? null,
    longestNewConnectionGapPath: gap?.path ?? null,
    inFlight: inFlightOf(sumFates(measured.map(({ fates }) => fates))),
    marginNs: smallest(rollouts.map((rollout) => rollout.marginNs)),
    neededDelayNs: needed?.ns ?? null,
    neededDelayArithmetic: needed?.arithmetic ?? null,
  };
}

/** `null` where no path through a balancer was tried. */
function longestGap(paths: readonly PathSummary[]): { readonly ns: Nanos; readonly path: string } | null {
  let longest: { ns: Nanos; path: string } | null = null;
  for (const { path, newConnections } of paths) {
    if (!isBalanced(path) || newConnections.attempted === 0) continue;
    const ns = newConnections.longestGapNs;
    if (longest === null || ns > longest.ns) longest = { ns, path };
  }
  return longest;
}

/**
 * The removal may have lasted a little longer than the last connection shows: with n of them spread over it, by an n-th of it on
 * average. What results must fit into 0.8 D, after which the server counts a connection as late.
 */
function neededDelay(rollouts: readonly BackendRollout[]): { readonly ns: Nanos; readonly arithmetic: string } | null {
  let worst: { ns: Nanos; arithmetic: string } | null = null;
  for (const { backend, removalLagNs, acceptedAfterT0, refusedWhileAway, stoppedWhileChosen } of rollouts) {
    const n = acceptedAfterT0 + refusedWhileAway;
    if (removalLagNs === null || n === 0) continue;
    const ns = Math.ceil((removalLagNs * (n + 1)) / n / LATE_SHARE);
    if (worst !== null && ns <= worst.ns) continue;
    const more = stoppedWhileChosen ? "; more, because connections still came when it stopped taking them" : "";
    const sum = `${seconds(removalLagNs)} x ${n + 1}/${n} / ${LATE_SHARE} = ${seconds(ns)}`;
    worst = {
      ns,
      arithmetic: `${backend}: the last of ${n} new connections came ${seconds(removalLagNs)} after T0; ${sum}${more}`,
    };
  }
  return worst;
}

function known(numbers: readonly (number | null)[]): readonly number[] {
  return numbers.filter((number) => number !== null);
}

function largest(numbers: readonly (number | null)[]): number | null {
  const all = known(numbers);
  return all.length === 0 ? null : Math.max(...all);
}

function smallest(numbers: readonly (number | null)[]): number | null {
  const all = known(numbers);
  return all.length === 0 ? null : Math.min(...all);
}

function sum(numbers: readonly (number | null)[]): number | null {
  const all = known(numbers);
  return all.length === 0 ? null : all.reduce((total, number) => total + number, 0);
}
