import type { RequestVerdict } from "../../classify/verdict-types.js";
import type { InFlight } from "./rollout-types.js";

/** What became of a request, as far as a rollout is concerned. */
export type RequestFate = "completed" | "turnedAway" | "cut" | "abandoned";

export function fateOf({ type, processed }: RequestVerdict): RequestFate {
  if (type === "abandoned") return "abandoned";
  if (type === "http.error") return "completed";
  return processed === "no" ? "turnedAway" : "cut";
}

export type FateCounts = Record<RequestFate, number>;

export function noFates(): FateCounts {
  return { completed: 0, turnedAway: 0, cut: 0, abandoned: 0 };
}

export function inFlightOf(counts: FateCounts): InFlight {
  const { completed, turnedAway, cut, abandoned } = counts;
  const decided = completed + cut;
  const total = decided + turnedAway + abandoned;
  return { total, completed, turnedAway, cut, abandoned, share: decided === 0 ? null : completed / decided };
}

export function sumFates(all: readonly FateCounts[]): FateCounts {
  const sum = noFates();
  for (const each of all) {
    sum.completed += each.completed;
    sum.turnedAway += each.turnedAway;
    sum.cut += each.cut;
    sum.abandoned += each.abandoned;
  }
  return sum;
}
