import type { Summary } from "@drainprobe/core";
import { incidentCount } from "../report/incident-count.js";
import { formatCount, formatDuration } from "../text/format.js";
import type { Headline } from "./page/data.js";

/** The numbers that a reader wants first, over all logs. */
export function headline(summaries: readonly Summary[]): Headline[] {
  const sum = (of: (summary: Summary) => number): number => summaries.reduce((total, each) => total + of(each), 0);
  const worst = (of: (summary: Summary) => number): number => Math.max(0, ...summaries.map(of));
  const unsafe = sum(({ requests }) => requests.unsafeToRetry);
  const failed = sum(({ requests }) => requests.failed);
  const incidents = sum(incidentCount);
  const gap = worst(({ paths }) => Math.max(0, ...paths.map(({ newConnections }) => newConnections.longestGapNs)));
  const rollouts = summaries.flatMap(({ rollout }) => (rollout == null ? [] : [rollout.headline]));
  const refused = summaries.some(({ rollout }) => rollout?.rollouts.some((each) => each.refusedWhileAway > 0) === true);
  return [
    tile("lost writes unsafe to retry", formatCount(unsafe), "perhaps carried out, perhaps not", unsafe > 0),
    tile(
      "requests lost",
      formatCount(failed),
      `of ${formatCount(sum(({ requests }) => requests.total))}: ${formatCount(sum(({ requests }) => requests.byScope.connection))} with their connection, ${formatCount(sum(({ requests }) => requests.byScope.request))} by themselves`,
      failed > 0,
    ),
    tile(
      "connections that failed",
      formatCount(incidents),
      `${formatCount(sum(({ connections }) => connections.opened))} were opened`,
      incidents > 0,
    ),
    tile(
      "no new connection worked for",
      gap === 0 ? "0" : formatDuration(gap),
      "the longest time on any path",
      gap > 0,
    ),
    ...rolloutTiles(rollouts, refused),
    tile(
      "dated to within",
      formatDuration(worst(({ coverage }) => coverage.worstUncertaintyNs)),
      "the largest uncertainty of any verdict",
      false,
    ),
    tile(
      "smallest outage caught",
      smallestOutage(summaries),
      "with 95 % probability, on the lane that looked best",
      false,
    ),
  ];
}

type RolloutHeadline = NonNullable<Summary["rollout"]>["headline"];

function rolloutTiles(rollouts: readonly RolloutHeadline[], chosen: boolean): Headline[] {
  const lags = rollouts.flatMap(({ removalLagNs }) => removalLagNs ?? []);
  const margins = rollouts.flatMap(({ marginNs }) => marginNs ?? []);
  const cut = rollouts.reduce((total, { inFlight }) => total + inFlight.cut, 0);
  const inFlight = rollouts.reduce((total, each) => total + each.inFlight.total, 0);
  return [
    ...(lags.length === 0
      ? []
      : [
          tile(
            "balancer took",
            `${chosen ? "over " : ""}${formatDuration(Math.max(...lags))}`,
            chosen
              ? "it still sent connections to a server that had stopped"
              : "to take a terminating backend out, at most",
            chosen,
          ),
        ]),
    ...(margins.length === 0
      ? []
      : [
          tile(
            "margin of the delay",
            formatDuration(Math.min(...margins)),
            "shutdown delay less the time the balancer took",
            Math.min(...margins) < 0,
          ),
        ]),
    ...(inFlight === 0
      ? []
      : [tile("in flight and cut", formatCount(cut), `of ${formatCount(inFlight)} open at a shutdown`, cut > 0)]),
  ];
}

function smallestOutage(summaries: readonly Summary[]): string {
  const all = summaries.flatMap(({ coverage }) =>
    coverage.lanes.flatMap(({ smallestOutageNs }) => smallestOutageNs ?? []),
  );
  return all.length === 0 ? "none" : formatDuration(Math.min(...all));
}

function tile(label: string, value: string, note: string, bad: boolean): Headline {
  return { label, value, note, bad };
}
