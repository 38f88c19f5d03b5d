import type { Nanos } from "../../events/index.js";
import type { BackendRollout, InFlight, Objective, ObjectiveResult, RolloutHeadline } from "./rollout-types.js";

/** What objectives are judged by. */
export interface ObjectiveInput {
  readonly rollouts: readonly BackendRollout[];
  readonly headline: RolloutHeadline;
  readonly graceNs: Nanos;
  /** Connections broken outside a promise, whoever their backend was. */
  readonly broken: number;
  /** Requests cut while a backend was under way, on connections whose backend is not known. */
  readonly cutUnplaced: number;
}

type Judged = readonly [ObjectiveResult, string];

/** The objectives of the report this project began with, in its words, and whether this run met them. */
export function objectives(input: ObjectiveInput): readonly Objective[] {
  const unseen = unseenRollout(input.rollouts);
  const [connections, requests, broken] = [newConnections(input), inFlight(input), unbroken(input)];
  // What failed has failed; without a rollout nothing is proven.
  const judged = ([result, why]: Judged): Pick<Objective, "result" | "why"> =>
    result === "pass" && unseen !== null ? { result: "inconclusive", why: unseen } : { result, why };
  return [
    {
      name: "new-connections-accepted",
      text: `new connections are accepted within a grace period (${seconds(input.graceNs)})`,
      ...judged(connections),
    },
    {
      name: "in-flight-requests-completed",
      text: "in-flight requests are given enough time to complete",
      ...judged(requests),
    },
    { name: "no-connection-broken", text: "no connection is broken outside a promise", ...judged(broken) },
  ];
}

function unseenRollout(rollouts: readonly BackendRollout[]): string | null {
  if (rollouts.length === 0) return "no rollout was seen";
  const complete = rollouts.filter((rollout) => rollout.complete).length;
  if (complete === rollouts.length) return null;
  return `${complete} of ${rollouts.length} rollouts were seen from T0 to the next green /readyz`;
}

function newConnections({ rollouts, headline, graceNs }: ObjectiveInput): Judged {
  const { longestNewConnectionGapNs: gap, longestNewConnectionGapPath: path } = headline;
  if (gap === null) return ["inconclusive", "no new connection was tried on a path through a balancer"];
  if (gap > graceNs) return ["fail", `on ${path} no new connection worked for ${seconds(gap)}`];
  const untried = rollouts.filter((rollout) => rollout.newConnectionsTried === 0).length;
  if (untried > 0) return ["inconclusive", `in ${untried} of ${rollouts.length} rollouts no new connection was tried`];
  const longest = gap === 0 ? "none of them failed" : `the longest time in which none worked was ${seconds(gap)}`;
  const tried = rollouts.reduce((sum, rollout) => sum + rollout.newConnectionsTried, 0);
  return ["pass", `${tried} new connections tried during rollouts; ${longest}`];
}

function inFlight({ headline, cutUnplaced }: ObjectiveInput): Judged {
  const { completed, cut }: InFlight = headline.inFlight;
  if (cut > 0) return ["fail", `${cut} of ${completed + cut} requests in flight were cut`];
  if (cutUnplaced > 0)
    return ["fail", `${cutUnplaced} requests were cut while a backend went, on connections to an unknown one`];
  if (completed === 0) return ["inconclusive", "no request was in flight when a backend stopped taking new ones"];
  return ["pass", `all ${completed} requests in flight were answered`];
}

function unbroken({ rollouts, broken }: ObjectiveInput): Judged {
  const ended = rollouts.reduce((sum, rollout) => sum + rollout.connectionsEnded, 0);
  if (broken > 0) {
    const going = rollouts.reduce((sum, rollout) => sum + rollout.connectionsBroken, 0);
    return ["fail", `${broken} connections were broken, ${going} of them by a backend that was known to be going`];
  }
  if (ended === 0) return ["inconclusive", "no connection to a backend that went was watched to its end"];
  return ["pass", `all ${ended} connections to backends that went were ended after a GOAWAY that was kept`];
}

/** `1 s`, `12.35 s`: to the hundredth, so that it depends on the number alone. */
export function seconds(ns: Nanos): string {
  return `${Number((ns / 1e9).toFixed(ns < 1e9 ? 3 : 2))} s`;
}
